"""Encoders whose frames join the source's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from leitstand.cut import svt
from leitstand.cut.media import base, codec_of
from leitstand.cut.request import CannotCopy
from leitstand.media.canvas import Canvas, apply
from leitstand.media.look import Look

ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
_NEVER = 1 << 20
_PROFILES = {"Baseline": "baseline", "Constrained Baseline": "baseline", "Main": "main"}
_SETTINGS = {
    "libx264": {"preset": "ultrafast", "crf": "20"},
    "libx265": {"preset": "superfast", "crf": "18"},
    "libvpx-vp9": {
        "crf": "20",
        "b": "0",
        "deadline": "realtime",
        "cpu-used": "6",
        "auto-alt-ref": "0",
        "lag-in-frames": "0",
        "row-mt": "1",
    },
    # A packet for each frame, none of them hidden; few threads, each of which takes memory.
    "libsvtav1": {"preset": "11", "crf": "20", "svtav1-params": "pred-struct=1:rtc=1:lp=2"},
}
_SEAM = "scenecut=0:open-gop=0:repeat-headers=0:annexb=1:keyint=9999"


def seam_encoder(
    stream: Any, *, set_id: int, unit: Fraction | None = None, look: Look | None = None
) -> VideoCodecContext:
    """An encoder whose frames can stand in one track with the source's own.

    H.264's parameter sets get the id `set_id`, so that they stand beside the source's.
    `unit` is that of the time stamps where it is not the source's. `look` is that of a decoded
    frame; without it the one that the track's header says, which has no HDR metadata.
    Raises CannotCopy where there is no such encoder.
    """
    codec = codec_of(stream)
    if codec not in ENCODERS:
        raise CannotCopy(f"pictures in {codec} cannot be joined to new ones")
    look = look or Look.of_header(stream)
    encoder: VideoCodecContext = av.CodecContext.create(ENCODERS[codec], "w")  # type: ignore[assignment]
    if look.pixels not in {one.name for one in encoder.codec.video_formats or ()}:
        raise CannotCopy(f"no encoder here makes {codec} pictures in {look.pixels}")
    set_up(encoder, stream, look)
    encoder.time_base = unit or encoder.time_base
    if codec == "h264":
        _as_in_h264(encoder, stream.codec_context, look, set_id)
    if codec == "hevc":
        options = [
            _SEAM,
            "bframes=0:log-level=none:info=0",
            *_light(look, "master-display", "max-cll"),
        ]
        encoder.options["x265-params"] = ":".join(options)
    _open(encoder)
    return encoder


def _as_in_h264(encoder: VideoCodecContext, source: Any, look: Look, set_id: int) -> None:
    # No B pictures are made, but a reader that guesses decoding times must expect them.
    ahead = "bframes=2:b-pyramid=normal" if source.has_b_frames else "bframes=0"
    # The preset leaves 8x8 out; with it the profile is High, as the source's mostly is.
    options = [
        _SEAM,
        f"8x8dct=1:{ahead}:sps-id={set_id}",
        *_light(look, "mastering-display", "cll"),
    ]
    encoder.options["x264-params"] = ":".join(options)
    if source.profile in _PROFILES:
        encoder.options["profile"] = _PROFILES[source.profile]
    if look.is_interlaced:
        # The encoder takes from each frame which of its fields comes first.
        encoder.flags |= Flags.interlaced_dct | Flags.interlaced_me


def _light(look: Look, mastering: str, content: str) -> Iterator[str]:
    light = look.light
    if light.mastering:
        yield f"{mastering}={light.mastering.option}"
    if light.content or light.average:
        yield f"{content}={light.content},{light.average}"


def set_up(encoder: VideoCodecContext, stream: Any, look: Look | Canvas) -> None:
    """Sets up an encoder for frames of that look, with the source's times; does not open it."""
    apply(look, encoder)
    encoder.time_base = base(stream)
    encoder.framerate = Fraction(stream.average_rate or stream.guessed_rate or 30)
    encoder.flags |= Flags.global_header
    encoder.gop_size = _NEVER
    encoder.options = dict(_SETTINGS[encoder.name])


def _open(encoder: VideoCodecContext) -> None:
    try:
        with svt.opening() if encoder.name == "libsvtav1" else nullcontext():
            encoder.open()
    except (av.FFmpegError, ValueError) as error:
        raise CannotCopy(f"{encoder.name} refuses these pictures: {error}") from error
