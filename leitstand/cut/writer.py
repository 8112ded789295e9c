"""The clip as a file: tracks, time stamps, and the name only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container.output import OutputContainer

from leitstand.cut import chapters
from leitstand.cut.request import CannotCopy, Tags
from leitstand.media.look import pixel_aspect

_LONGEST_LABEL = 200
_PLAIN_STYLE = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_FORMATS = {"mp4": "mp4", "mkv": "matroska", "webm": "webm"}


@contextmanager
def written(output: Path, container: str, title: str | Tags | None) -> Iterator[OutputContainer]:
    """A container that carries `output`'s name only after a clean end of the block.

    Until then it is `<name>.part`; after an error nothing is left of it.
    """
    tags = Tags.of(title)
    part = output.with_name(output.name + ".part")
    options = {"movflags": "faststart"} if container == "mp4" else {}
    try:
        made = av.open(
            str(part.absolute()), "w", format=_FORMATS[container], container_options=options
        )
        with made:
            if tags.title:
                made.metadata["title"] = tags.title
            chapters.put(made, tags.chapters)
            yield made
        _flush(part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def publish(output: Path) -> None:
    """Gives a part its final name, so that a power cut leaves the old state or the new one."""
    os.replace(output.with_name(output.name + ".part"), output)
    _flush(output.parent)


def discard(output: Path) -> None:
    output.with_name(output.name + ".part").unlink(missing_ok=True)


def part_of(output: Path) -> Path:
    return output.with_name(output.name + ".part")


def hevc_tag(stream: Any) -> str | None:
    """How MP4 names HEVC with all its parameter sets in the header: `hvc1`, which more players
    take, or as the source names it; None for other codecs."""
    if stream.codec_context.codec.canonical_name != "hevc":
        return None
    return "hev1" if stream.codec_tag == "hev1" else "hvc1"


def copied_track(
    made: OutputContainer,
    template: Any,
    *,
    extradata: bytes | None = None,
    tag: str | None = None,
    size: tuple[int, int] | None = None,
) -> Any:
    """A track for packets in the source's codec; `size` where it is not the one the source says."""
    try:
        track = made.add_stream_from_template(template, opaque=True)
    except ValueError as problem:
        raise CannotCopy(str(problem)) from problem
    track.metadata.update(_language(template))
    if extradata is not None:
        track.codec_context.extradata = extradata
    if tag is not None and made.format.name == "mp4":
        track.codec_context.codec_tag = tag
    if template.type == "video":
        _tell_aspect(made, track, template)
    if size is not None:
        track.codec_context.width, track.codec_context.height = size
    return track


def _tell_aspect(made: OutputContainer, track: Any, template: Any) -> None:
    """It may be only the source's container that says it; PyAV cannot tell Matroska's muxer."""
    aspect = pixel_aspect(template)
    if made.format.name != "mp4" and aspect != (template.codec_context.sample_aspect_ratio or 1):
        raise CannotCopy("only the container says the shape of its pixels")
    track.codec_context.sample_aspect_ratio = aspect


def encoded_track(made: OutputContainer, encoder: str, source: Any, rate: Any) -> Any:
    """A track with an encoder of its own (`codec_context`), which the caller sets up."""
    track = made.add_stream(encoder, rate=rate)
    track.metadata.update(_language(source))
    return track


def text_track(made: OutputContainer, codec: str, source: Any) -> Any:
    """A track for packets of text in `codec`, with plain styles."""
    track: Any = made.add_stream(codec)
    track.metadata.update(_language(source))
    track.codec_context.subtitle_header = _PLAIN_STYLE
    track.codec_context.time_base = Fraction(1, 1000)
    return track


def packet(data: bytes, track: Any, unit: Fraction, times: tuple[int, int, int], key: bool) -> Any:
    """A packet for `track`; `times` are pts, dts and duration in `unit`."""
    made = av.Packet(data)
    made.stream = track
    made.time_base = unit
    made.pts, made.dts, made.duration = times
    made.is_keyframe = key
    return made


def _language(source: Any) -> dict[str, str]:
    kept = ("language", "title")
    return {key: _label(source.metadata[key]) for key in kept if key in source.metadata}


def _label(text: str) -> str:
    """One line: programs that read what a file says of itself go by lines."""
    return "".join(c if c.isprintable() else " " for c in text[:_LONGEST_LABEL])


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
