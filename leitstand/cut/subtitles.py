"""Text subtitles of the source in the clip, at their time in it.

Where the container takes the source's own codec its packets are copied; else the text goes into
the codec that the container has for text, without its styles. Subtitles that are pictures are left
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.container.output import OutputContainer

from leitstand.cut import mux, subtitle_text, writer
from leitstand.cut.files import Opener
from leitstand.cut.media import Media, base, codec_of, opened, seek
from leitstand.cut.request import CannotCopy
from leitstand.media.window import Written

_UNIT = Fraction(1, 1000)
# A subtitle that is still shown at the start may have begun this long before.
_LONGEST = Fraction(20)
_COPIED = {
    "mp4": {"mov_text"},
    "mkv": {"subrip", "ass", "ssa", "webvtt"},
    "webm": {"webvtt"},
}
_CODECS = {"mp4": "mov_text", "mkv": "subrip", "webm": "webvtt"}


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) of a file in seconds of its own time stamps; it begins at `at` in the clip."""

    path: Path | Written
    start: Fraction
    end: Fraction
    at: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Event:
    """A subtitle in the clip; times in seconds."""

    start: Fraction
    end: Fraction
    data: bytes


def tracks(
    made: OutputContainer,
    container: str,
    spans: Sequence[Span],
    stack: ExitStack,
    opener: Opener = opened,
) -> list[Iterator[mux.Timed]]:
    """Adds a track to the clip for every track of text; readers stay open until `stack` ends."""
    found = []
    for place, template in enumerate(_most(spans, stack, opener)):
        codec = codec_of(template)
        is_copied = len(spans) == 1 and codec in _COPIED[container]
        codec = codec if is_copied else _CODECS[container]
        track = writer.copied_track(made, template) if is_copied else None
        track = track or writer.text_track(made, codec, template)
        found.append(_packets(spans, place, codec, track, opener))
    return found


def text_streams(media: Media) -> list[Any]:
    """The tracks of text, in the order of the file."""
    streams = media.container.streams.subtitles
    known = [one for one in streams if one.codec_context is not None]
    return [one for one in known if codec_of(one) in subtitle_text.CODECS]


def _most(spans: Sequence[Span], stack: ExitStack, opener: Opener) -> list[Any]:
    """The tracks of the span that has most of them."""
    most, path = 0, None
    for span in spans:
        with opener(span.path) as media:
            count = len(text_streams(media))
        if count > most:
            most, path = count, span.path
    return [] if path is None else text_streams(stack.enter_context(opener(path)))


def _packets(
    spans: Sequence[Span], place: int, codec: str, track: Any, opener: Opener
) -> Iterator[mux.Timed]:
    for span in spans:
        with opener(span.path) as media:
            streams = text_streams(media)[place : place + 1]
            for event in (one for own in streams for one in _events(media, own, span, codec)):
                at, until = round(event.start / _UNIT), round(event.end / _UNIT)
                times = (at, at, max(1, until - at))
                yield event.start, writer.packet(event.data, track, _UNIT, times, True)


def _events(media: Media, stream: Any, span: Span, codec: str) -> Iterator[_Event]:
    own, unit = codec_of(stream), base(stream)
    for packet in _from(media, stream, span.start - _LONGEST):
        if packet.pts is None or not packet.size:
            continue
        start = packet.pts * unit
        end = start + (packet.duration or 0) * unit
        if start >= span.end:
            return
        data = bytes(packet) if own == codec else subtitle_text.converted(bytes(packet), own, codec)
        if end > span.start and subtitle_text.text(data, codec):
            shift = span.at - span.start
            yield _Event(max(start, span.start) + shift, min(end, span.end) + shift, data)


def _from(media: Media, stream: Any, time: Fraction) -> Iterator[Any]:
    """Packets of a track from about that time on: by the index of the video, if there is one."""
    by = media.video or stream
    try:
        seek(media, by, int(time / base(by)))
    except CannotCopy:
        return
    yield from media.container.demux(stream)
