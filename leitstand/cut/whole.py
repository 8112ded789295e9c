"""Clips that are encoded whole: for browsers, upright, progressive, with 8 bits and SDR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from typing import Any

from av.video.codeccontext import VideoCodecContext

from leitstand.cut.encoders import set_up
from leitstand.cut.request import Request
from leitstand.media.canvas import Canvas, even
from leitstand.media.look import Look

_KEY_FRAMES_APART = 250


def drawn(
    frames: Iterator[tuple[Look, Any]], container: str, request: Request
) -> tuple[Canvas, Iterator[Any]]:
    """The canvas of a clip, from the look of its first frame; and all frames on it."""
    look, first = next(frames)
    canvas = whole_canvas(look, container, request)
    return canvas, canvas.shown(chain([(look, first)], frames))


def whole_canvas(look: Look, container: str, request: Request) -> Canvas:
    """The canvas of a clip; a requested width and height are those on display."""
    if container != "webm":
        return Canvas.of(look, even(_size(*look.shown_size, request)))
    # VP9 does not say the shape of its pixels, and PyAV cannot tell the muxer.
    width, height = look.shown_size
    square = round(width * look.shown_aspect), height
    return replace(Canvas.of(look, _size(*square, request)), aspect=Fraction(1))


def _size(width: int, height: int, request: Request) -> tuple[int, int]:
    wide, high = request.width, request.height
    if wide is None and high is not None:
        wide = round(width * high / height / 2) * 2
    if high is None and wide is not None:
        high = round(height * wide / width / 2) * 2
    return wide or width, high or height


def whole_encoder(
    encoder: VideoCodecContext, stream: Any, canvas: Canvas, request: Request
) -> None:
    """Sets up the encoder of such a clip; does not open it."""
    set_up(encoder, stream, canvas)
    encoder.gop_size = _KEY_FRAMES_APART
    if encoder.name == "libx264":
        encoder.options["preset"] = "veryfast"
        encoder.options["crf"] = "18"
    if request.video_bitrate:
        encoder.options.pop("crf")
        encoder.options.pop("b", None)
        encoder.bit_rate = request.video_bitrate
