"""Static HDR metadata: the mastering display's colours and light (SMPTE ST 2086), and the content's
light (CTA-861.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from leitstand.media.orientation import side_data

_CHROMATICITY = 50_000
_LUMINANCE = 10_000
# libavutil's AVMasteringDisplayMetadata: ten fractions, then two flags.
_MASTERING = struct.Struct("=20i2i")
_LIGHT = struct.Struct("=2I")


@dataclass(frozen=True, slots=True)
class Mastering:
    """The display a video was mastered on, in the units of HEVC's SEI message (H.265, D.3.28).

    `primaries` are x and y of red, green and blue.
    """

    primaries: tuple[int, ...]
    white: tuple[int, int]
    brightest: int
    darkest: int

    @property
    def option(self) -> str:
        """The form in which x265, x264 and SVT-AV1 take it."""
        red, green, blue = (self.primaries[at : at + 2] for at in (0, 2, 4))
        pairs = (("G", green), ("B", blue), ("R", red), ("WP", self.white))
        named = "".join(f"{name}({x},{y})" for name, (x, y) in pairs)
        return f"{named}L({self.brightest},{self.darkest})"


@dataclass(frozen=True, slots=True)
class Light:
    """HDR metadata of a track; `content` and `average` are MaxCLL and MaxFALL in cd/m²."""

    mastering: Mastering | None = None
    content: int = 0
    average: int = 0

    @classmethod
    def of(cls, frame: Any) -> Light:
        """The metadata of a decoded frame, from its packets or its container."""
        light = side_data(frame, "CONTENT_LIGHT_LEVEL") or bytes(_LIGHT.size)
        content, average = _LIGHT.unpack_from(light.ljust(_LIGHT.size, b"\0"))
        return cls(_mastering(side_data(frame, "MASTERING_DISPLAY_METADATA")), content, average)

    @property
    def peak(self) -> float | None:
        """The brightest light of the content in cd/m², as far as it is said."""
        if self.content:
            return float(self.content)
        return self.mastering.brightest / _LUMINANCE if self.mastering else None


def _mastering(data: bytes | None) -> Mastering | None:
    if data is None or len(data) < _MASTERING.size:
        return None
    *numbers, has_primaries, has_luminance = _MASTERING.unpack_from(data)
    if not (has_primaries and has_luminance):
        return None
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    values = [Fraction(above, below) if below else Fraction(0) for above, below in pairs]
    places = [round(one * _CHROMATICITY) for one in values[:8]]
    darkest, brightest = (round(one * _LUMINANCE) for one in values[8:])
    return Mastering(tuple(places[:6]), (places[6], places[7]), brightest, darkest)
