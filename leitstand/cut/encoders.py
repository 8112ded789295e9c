"""Encoders: one whose pictures join the source's own, and one for a clip made anew whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from leitstand.cut.media import base, codec_of
from leitstand.cut.request import CannotCopy, Request

ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9"}
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
}
_SEAM = "scenecut=0:open-gop=0:repeat-headers=0:annexb=1:keyint=9999"


def seam_encoder(stream: Any, *, set_id: int, unit: Fraction | None = None) -> VideoCodecContext:
    """An encoder whose pictures can stand in one track with the source's own.

    H.264's parameter sets get the id `set_id`, so that they stand beside the source's.
    `unit` is that of the time stamps where it is not the source's.
    Raises CannotCopy where there is no such encoder.
    """
    codec = codec_of(stream)
    if codec not in ENCODERS:
        raise CannotCopy(f"pictures in {codec} cannot be joined to new ones")
    source = stream.codec_context
    encoder: VideoCodecContext = av.CodecContext.create(ENCODERS[codec], "w")  # type: ignore[assignment]
    if source.pix_fmt not in {one.name for one in encoder.codec.video_formats or ()}:
        raise CannotCopy(f"no encoder here makes {codec} pictures in {source.pix_fmt}")
    _set_up(encoder, stream, (source.width, source.height), source.pix_fmt)
    encoder.time_base = unit or encoder.time_base
    if codec == "h264":
        # No B pictures are made, but a reader that guesses decoding times must expect them.
        ahead = "bframes=2:b-pyramid=normal" if source.has_b_frames else "bframes=0"
        # The preset leaves 8x8 out; with it the profile is High, as the source's mostly is.
        encoder.options["x264-params"] = f"{_SEAM}:8x8dct=1:{ahead}:sps-id={set_id}"
        if source.profile in _PROFILES:
            encoder.options["profile"] = _PROFILES[source.profile]
    if codec == "hevc":
        encoder.options["x265-params"] = f"{_SEAM}:bframes=0:log-level=none:info=0"
    _open(encoder)
    return encoder


def whole_encoder(encoder: VideoCodecContext, stream: Any, request: Request) -> None:
    """Sets up the encoder of a clip in which every picture is made anew; does not open it."""
    source = stream.codec_context
    width, height = _size(source.width, source.height, request)
    deep = source.format is not None and source.format.components[0].bits > 8
    _set_up(encoder, stream, (width, height), "yuv420p10le" if deep else "yuv420p")
    encoder.gop_size = 250
    if encoder.name == "libx264":
        encoder.options["preset"] = "veryfast"
        encoder.options["crf"] = "18"
    if request.video_bitrate:
        encoder.options.pop("crf")
        encoder.options.pop("b", None)
        encoder.bit_rate = request.video_bitrate


def _size(width: int, height: int, request: Request) -> tuple[int, int]:
    wide, high = request.width, request.height
    if wide is None and high is not None:
        wide = round(width * high / height)
    if high is None and wide is not None:
        high = round(height * wide / width)
    return (wide or width) // 2 * 2, (high or height) // 2 * 2


def _set_up(
    encoder: VideoCodecContext, stream: Any, size: tuple[int, int], pixels: str | None
) -> None:
    source = stream.codec_context
    encoder.width, encoder.height = size
    encoder.pix_fmt = pixels
    encoder.time_base = base(stream)
    encoder.framerate = Fraction(stream.average_rate or stream.guessed_rate or 30)
    if source.sample_aspect_ratio:
        encoder.sample_aspect_ratio = source.sample_aspect_ratio
    encoder.color_range = source.color_range
    encoder.color_primaries = source.color_primaries
    encoder.color_trc = source.color_trc
    encoder.colorspace = source.colorspace
    encoder.flags |= Flags.global_header
    encoder.gop_size = _NEVER
    encoder.options = dict(_SETTINGS[encoder.name])


def _open(encoder: VideoCodecContext) -> None:
    try:
        encoder.open()
    except (av.FFmpegError, ValueError) as error:
        raise CannotCopy(f"{encoder.name} refuses these pictures: {error}") from error
