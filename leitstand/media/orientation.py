"""The orientation of a video: how decoded frames are mirrored and turned for display."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from av.sidedata.sidedata import Type

_MATRIX = struct.Struct("=9i")

Pixels = TypeVar("Pixels", bound=Any)


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight orientations of a frame (as in EXIF).

    For display a frame is transposed first (rows become columns), then mirrored horizontally, then
    mirrored vertically.
    """

    is_transposed: bool = False
    is_mirrored: bool = False
    is_upside_down: bool = False

    @classmethod
    def of_matrix(cls, matrix: bytes) -> Orientation:
        """The orientation nearest to a display matrix (ISO/IEC 14496-12, 6.2.2)."""
        if len(matrix) < _MATRIX.size:
            return cls()
        # A point (x, y) of the frame is shown at (a x + c y, b x + d y).
        a, b, _, c, d, *_ = _MATRIX.unpack_from(matrix)
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(True, c < 0, b < 0)
        return cls(False, a < 0, d < 0)

    @classmethod
    def of(cls, frame: Any) -> Orientation:
        """The orientation of a decoded frame; its decoder hands the container's matrix on."""
        return cls.of_matrix(side_data(frame, "DISPLAYMATRIX") or b"")

    @property
    def is_plain(self) -> bool:
        return not (self.is_transposed or self.is_mirrored or self.is_upside_down)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size of a frame on display."""
        return (height, width) if self.is_transposed else (width, height)

    def aspect(self, pixel: Fraction) -> Fraction:
        """The width of a pixel by its height on display."""
        return 1 / pixel if self.is_transposed else pixel

    def filters(self) -> Iterator[tuple[str, str]]:
        """The filters of libavfilter that turn a frame upright."""
        if self.is_transposed:
            yield "transpose", "dir=cclock_flip"
        if self.is_mirrored:
            yield "hflip", ""
        if self.is_upside_down:
            yield "vflip", ""

    def upright(self, pixels: Pixels) -> Pixels:
        """A view of an array of rows, columns (and channels), turned upright."""
        if self.is_transposed:
            pixels = pixels.swapaxes(0, 1)
        rows = -1 if self.is_upside_down else 1
        columns = -1 if self.is_mirrored else 1
        turned: Pixels = pixels[::rows, ::columns]
        return turned


def side_data(frame: Any, name: str) -> bytes | None:
    """Data beside a frame's pixels (`av.sidedata.sidedata.Type`); None if there is none."""
    try:
        found = frame.side_data.get(Type[name])
    except ValueError:
        # PyAV does not know every type, and then names none.
        return None
    return None if found is None else bytes(found)
