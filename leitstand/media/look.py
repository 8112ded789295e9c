"""The look of a video track: size, shape of pixels, colours, orientation, fields, HDR metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from leitstand.media.hdr import Light
from leitstand.media.orientation import Orientation

_MOST_ASPECT = 20
_HIGH_DEFINITION = 720
# AVColorSpace
_RGB, MATRIX_709, _UNSPECIFIED, MATRIX_601, _BT2020_NCL = 0, 1, 2, 6, 9
_FIELD_ORDERS = range(2, 6)
_UNKNOWN = (0, int(ColorTrc.UNSPECIFIED))
_HIGH_DYNAMIC = (int(ColorTrc.SMPTE2084), int(ColorTrc.ARIB_STD_B67))


@dataclass(frozen=True, slots=True)
class Colours:
    """What the numbers of a frame mean, as in ITU-T H.273; 2 where it is not said."""

    range: int = 0
    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED
    matrix: int = _UNSPECIFIED

    @classmethod
    def of(cls, coded: Any, pixels: str) -> Colours:
        """The colours of a frame or a codec context with pixels in that format."""
        range = int(coded.color_range)
        if pixels.startswith("yuvj"):
            range = int(ColorRange.JPEG)
        tags = (coded.color_primaries, coded.color_trc, coded.colorspace)
        return cls(range, *(int(tag) for tag in tags))

    @property
    def is_full_range(self) -> bool:
        return self.range == ColorRange.JPEG

    @property
    def is_wide(self) -> bool:
        """Whether there is more light or colour in it than BT.709 has."""
        return self.transfer in _HIGH_DYNAMIC or self.primaries == ColorPrimaries.BT2020


@dataclass(frozen=True, slots=True)
class Look:
    """How the frames of a track are coded, and how they are shown.

    `width`, `height` and `aspect` (the width of a pixel by its height) are those of the coded
    frames, before `orientation` is applied.
    """

    width: int
    height: int
    pixels: str
    aspect: Fraction = Fraction(1)
    colours: Colours = field(default_factory=Colours)
    orientation: Orientation = field(default_factory=Orientation)
    is_interlaced: bool = False
    light: Light = field(default_factory=Light)

    @classmethod
    def of(cls, stream: Any, frame: Any) -> Look:
        """The look of a decoded frame of `stream`."""
        look = cls.of_frame(frame)
        is_interlaced = look.is_interlaced or stream.codec_context.field_order in _FIELD_ORDERS
        return replace(look, aspect=pixel_aspect(stream), is_interlaced=is_interlaced)

    @classmethod
    def of_frame(cls, frame: Any) -> Look:
        """What a decoded frame itself says: with square pixels."""
        pixels = frame.format.name
        return cls(
            frame.width,
            frame.height,
            pixels,
            colours=Colours.of(frame, pixels),
            orientation=Orientation.of(frame),
            is_interlaced=bool(frame.interlaced_frame),
            light=Light.of(frame),
        )

    @classmethod
    def of_header(cls, stream: Any) -> Look:
        """The look that a track's header says, before any frame is decoded: no orientation, no HDR
        metadata."""
        coded = stream.codec_context
        pixels = str(coded.pix_fmt)
        return cls(
            coded.width,
            coded.height,
            pixels,
            pixel_aspect(stream),
            Colours.of(coded, pixels),
            is_interlaced=coded.field_order in _FIELD_ORDERS,
        )

    def lit(self, before: Light) -> Look:
        """The same with the HDR metadata of the frames before, unless it has its own: H.264's
        decoder gives it with key frames only."""
        return self if self.light != Light() else replace(self, light=before)

    @property
    def shown_size(self) -> tuple[int, int]:
        """The size in pixels on display; their aspect may still differ from 1."""
        return self.orientation.size(self.width, self.height)

    @property
    def shown_aspect(self) -> Fraction:
        return self.orientation.aspect(self.aspect)

    @property
    def shape(self) -> Fraction:
        """Width by height on display."""
        width, height = self.shown_size
        return Fraction(width, height) * self.shown_aspect

    @property
    def matrix(self) -> int:
        """The matrix of the colours, where it is not said the one that players assume."""
        if self.colours.matrix != _UNSPECIFIED:
            return self.colours.matrix
        return MATRIX_709 if self.height >= _HIGH_DEFINITION else MATRIX_601


def looked_at(stream: Any, frames: Iterator[Any]) -> Iterator[tuple[Look, Any]]:
    """Decoded frames of a track, each with its look."""
    light = Light()
    for frame in frames:
        look = Look.of(stream, frame).lit(light)
        light = look.light
        yield look, frame


def pixel_aspect(stream: Any) -> Fraction:
    """The width of a pixel by its height, as container or codec say it."""
    aspect = Fraction(getattr(stream, "sample_aspect_ratio", None) or 1)
    return aspect if Fraction(1, _MOST_ASPECT) <= aspect <= _MOST_ASPECT else Fraction(1)
