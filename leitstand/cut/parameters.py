"""H.264 parameter sets, as far as slice headers depend on them.

Names and order are those of ITU-T H.264, 7.3.2.1 and 7.3.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from leitstand.cut.bits import Bits, plain
from leitstand.cut.request import CannotCopy

_HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """What a sequence parameter set says of slice headers."""

    chroma: int
    planes_apart: bool
    number_bits: int
    order_type: int
    order_bits: int
    references: int
    frames_only: bool

    @classmethod
    def of(cls, nal: bytes) -> tuple[int, SequenceSet]:
        """Its id, and what it says."""
        bits = Bits(plain(nal)[1:])
        profile = bits.u(24) >> 16
        own, chroma, apart = bits.ue(), 1, False
        if profile in _HIGH_PROFILES:
            chroma = bits.ue()
            apart = chroma == 3 and bool(bits.u(1))
            bits.ue(), bits.ue(), bits.u(1)
            if bits.u(1):
                _skip_scaling(bits, 12 if chroma == 3 else 8)
        number_bits, order_type, order_bits = bits.ue() + 4, bits.ue(), 0
        if order_type == 0:
            order_bits = bits.ue() + 4
        elif order_type == 1:
            raise CannotCopy("the pictures' order is told in a way that cannot be joined")
        references = bits.ue()
        bits.u(1), bits.ue(), bits.ue()
        frames_only = bool(bits.u(1))
        said = cls(chroma, apart, number_bits, order_type, order_bits, references, frames_only)
        return own, said


def _skip_scaling(bits: Bits, count: int) -> None:
    for place in range(count):
        if not bits.u(1):
            continue
        last = following = 8
        for _ in range(16 if place < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


@dataclass(frozen=True, slots=True)
class PictureSet:
    """What a picture parameter set says of slice headers."""

    sequence: int
    cabac: bool
    bottom_order: bool
    active: tuple[int, int]
    weighted: bool
    weighted_both: int
    deblocking: bool
    redundant: bool

    @classmethod
    def of(cls, nal: bytes) -> tuple[int, PictureSet]:
        """Its id, and what it says."""
        bits = Bits(plain(nal)[1:])
        own, sequence, cabac, bottom = bits.ue(), bits.ue(), bool(bits.u(1)), bool(bits.u(1))
        if bits.ue():
            raise CannotCopy("the pictures' slices lie in groups")
        active = bits.ue() + 1, bits.ue() + 1
        weighted, both = bool(bits.u(1)), bits.u(2)
        bits.se(), bits.se(), bits.se()
        deblocking, _, redundant = bool(bits.u(1)), bits.u(1), bool(bits.u(1))
        return own, cls(sequence, cabac, bottom, active, weighted, both, deblocking, redundant)
