"""H.264 parameter sets and slice headers, as far as a copied picture needs another number.

Names and order are those of ITU-T H.264, 7.3.2.1, 7.3.2.2 and 7.3.3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from leitstand.cut.request import CannotCopy

_HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_P, _B, _I = 0, 1, 2
_IDR = 5
# Changes of one reference list: subtract (0) or add (1), and by how much less one.
Edits = Sequence[tuple[int, int]]
_NEEDS_ESCAPE = re.compile(rb"\0\0(?=[\0-\3])")


class Bits:
    """Reads bits; beyond the end everything is zero."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.size = len(data) * 8
        self.at = 0

    def u(self, count: int) -> int:
        self.at += count
        if self.at > self.size:
            raise CannotCopy("a picture's header is damaged")
        return self._value >> (self.size - self.at) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 31:
                raise CannotCopy("a picture's header is damaged")
        return (1 << zeros) - 1 + (self.u(zeros) if zeros else 0)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -code // 2


class Row:
    """Bits one after the other, to be written."""

    def __init__(self) -> None:
        self.value = self.size = 0

    def u(self, count: int, value: int) -> None:
        self.value = self.value << count | value
        self.size += count

    def ue(self, value: int) -> None:
        self.u(2 * (value + 1).bit_length() - 1, value + 1)

    def copy(self, one: Slice, start: int, end: int) -> None:
        """The slice's own bits from `start` to `end`."""
        size = (end + 7) // 8
        value = int.from_bytes(one.data[:size], "big") >> (size * 8 - end)
        self.u(end - start, value & ((1 << (end - start)) - 1))


def plain(nal: bytes) -> bytes:
    """A NAL unit without the bytes that keep start codes out of it."""
    return nal.replace(b"\0\0\3", b"\0\0")


def escaped(nal: bytes) -> bytes:
    """The inverse of `plain`."""
    return _NEEDS_ESCAPE.sub(b"\0\0\3", nal)


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


@dataclass(slots=True)
class Slice:
    """A slice header. `number` is frame_num, `order` pic_order_cnt_lsb, `bottom` by how
    much the lower field's is more, `active` how long its
    reference lists are, `edits` their changes; `marks` are the references given up after it.

    Places (`…_at`, `…_end`) count bits of `data`; the slice's own data begin at `data_at`.
    """

    data: bytes
    reference: int
    idr: bool
    sps: SequenceSet
    pps: PictureSet
    type: int = 0
    number: int = 0
    number_at: int = 0
    order: int = 0
    bottom: int = 0
    order_at: int = 0
    order_end: int = 0
    active: tuple[int, int] = (0, 0)
    lists_at: int = 0
    lists_end: int = 0
    edits: Sequence[Edits] = ()
    marks_at: int = 0
    marks_end: int = 0
    marks: list[int] = field(default_factory=list)
    data_at: int = 0

    @property
    def lists(self) -> int:
        """How many reference lists it has."""
        return {_P: 1, _B: 2}.get(self.type, 0)

    @property
    def is_intra(self) -> bool:
        return self.type == _I


@dataclass(slots=True)
class Headers:
    """Reads the slice headers of one stream. Raises CannotCopy at what cannot be joined."""

    sequences: dict[int, SequenceSet]
    pictures: dict[int, PictureSet]

    @classmethod
    def of(cls, sets: Sequence[bytes]) -> Headers:
        sequences = dict(SequenceSet.of(nal) for nal in sets if nal[0] & 31 == 7)
        return cls(sequences, dict(PictureSet.of(nal) for nal in sets if nal[0] & 31 == 8))

    def read(self, nal: bytes) -> Slice:
        data = plain(nal)
        # Most headers are short: the whole of a large slice would be slow to read from.
        try:
            return self._read(data, Bits(data[:96]))
        except CannotCopy:
            return self._read(data, Bits(data))

    def _read(self, data: bytes, bits: Bits) -> Slice:
        bits.u(8)
        bits.ue()
        kind = bits.ue() % 5
        pps = self.pictures.get(bits.ue())
        sps = self.sequences.get(pps.sequence) if pps else None
        if pps is None or sps is None or kind > _I:
            raise CannotCopy("a picture's header is damaged")
        made = Slice(data, data[0] >> 5 & 3, data[0] & 31 == _IDR, sps, pps, kind)
        self._numbers(made, bits)
        self._lists(made, bits)
        self._marks(made, bits)
        self._rest(made, bits)
        return made

    def _numbers(self, made: Slice, bits: Bits) -> None:
        sps = made.sps
        if sps.planes_apart:
            bits.u(2)
        made.number_at = bits.at
        made.number = bits.u(sps.number_bits)
        if not sps.frames_only and bits.u(1):
            raise CannotCopy("the pictures are made of two fields")
        if made.idr:
            bits.ue()
        made.order_at = bits.at
        if sps.order_type == 0:
            made.order = bits.u(sps.order_bits)
            made.bottom = bits.se() if made.pps.bottom_order else 0
        if made.pps.redundant:
            bits.ue()
        made.order_end = bits.at

    def _lists(self, made: Slice, bits: Bits) -> None:
        if made.type == _B:
            bits.u(1)
        if made.lists:
            made.active = made.pps.active
            if bits.u(1):
                made.active = bits.ue() + 1, bits.ue() + 1 if made.lists == 2 else 0
        made.lists_at = bits.at
        made.edits = [_edits(bits) for _ in range(made.lists)]
        made.lists_end = bits.at
        both = made.pps.weighted_both == 1
        if (made.type == _P and made.pps.weighted) or (made.type == _B and both):
            _skip_weights(made, bits)

    def _marks(self, made: Slice, bits: Bits) -> None:
        made.marks_at = bits.at
        if made.reference and made.idr:
            bits.u(2)
        elif made.reference and bits.u(1):
            while command := bits.ue():
                if command != 1:
                    raise CannotCopy("references are kept for long")
                made.marks.append(bits.ue())
        made.marks_end = bits.at

    def _rest(self, made: Slice, bits: Bits) -> None:
        if made.pps.cabac and made.type != _I:
            bits.ue()
        bits.se()
        if made.pps.deblocking and bits.ue() != 1:
            bits.se(), bits.se()
        made.data_at = bits.at


def _edits(bits: Bits) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    if bits.u(1):
        while (what := bits.ue()) != 3:
            if what > 1:
                raise CannotCopy("references are kept for long")
            found.append((what, bits.ue()))
    return found


def _skip_weights(made: Slice, bits: Bits) -> None:
    coloured = made.sps.chroma != 0 and not made.sps.planes_apart
    bits.ue()
    if coloured:
        bits.ue()
    for place in range(made.lists):
        for _ in range(made.active[place]):
            for count in (2, 4) if coloured else (2,):
                if bits.u(1):
                    for _ in range(count):
                        bits.se()


def renumbered(one: Slice, number: int, order: int) -> bytes:
    """The slice as a NAL unit with another number and order, the rest as it is."""
    size = (one.order_end + 7) // 8
    value = int.from_bytes(one.data[:size], "big")
    for at, count, new in (
        (one.number_at, one.sps.number_bits, number),
        (one.order_at, one.sps.order_bits, order),
    ):
        low = size * 8 - at - count
        value = value & ~(((1 << count) - 1) << low) | new << low
    return escaped(value.to_bytes(size, "big") + one.data[size:])


def rewritten(
    one: Slice, number: int, order: int, edits: Sequence[Edits], marks: Sequence[int]
) -> bytes:
    """The slice with other reference lists and other references given up, too."""
    row = Row()
    row.copy(one, 0, one.number_at)
    row.u(one.sps.number_bits, number)
    row.copy(one, one.number_at + one.sps.number_bits, one.order_at)
    row.u(one.sps.order_bits, order)
    row.copy(one, one.order_at + one.sps.order_bits, one.lists_at)
    for changes in edits:
        row.u(1, bool(changes))
        for what, value in changes:
            row.ue(what)
            row.ue(value)
        if changes:
            row.ue(3)
    row.copy(one, one.lists_end, one.marks_at)
    if one.reference:
        row.u(1, bool(marks))
        for value in marks:
            row.ue(1)
            row.ue(value)
        if marks:
            row.ue(0)
    row.copy(one, one.marks_end, one.data_at)
    return escaped(_with_data(row, one))


def beginning(one: Slice, begin: int) -> bytes:
    """The slice of an I picture as one of an IDR picture with the id `begin`.

    Its order is the lowest that leaves both fields at 0 or more.
    """
    row = Row()
    row.u(8, one.data[0] & 0xE0 | _IDR)
    row.copy(one, 8, one.number_at)
    row.u(one.sps.number_bits, 0)
    row.copy(one, one.number_at + one.sps.number_bits, one.order_at)
    row.ue(begin)
    row.u(one.sps.order_bits, max(0, -one.bottom) if one.sps.order_type == 0 else 0)
    row.copy(one, one.order_at + one.sps.order_bits, one.marks_at)
    row.u(2, 0)
    row.copy(one, one.marks_end, one.data_at)
    return escaped(_with_data(row, one))


def _with_data(row: Row, one: Slice) -> bytes:
    """The header, and the slice's own data behind it."""
    if one.pps.cabac:
        # CABAC begins on a byte, after ones.
        spare = -row.size % 8
        row.u(spare, (1 << spare) - 1)
        return row.value.to_bytes(row.size // 8, "big") + one.data[(one.data_at + 7) // 8 :]
    data = one.data.rstrip(b"\0")
    rest = len(data) * 8 - one.data_at
    row.u(rest, int.from_bytes(data, "big") & ((1 << rest) - 1))
    spare = -row.size % 8
    row.u(spare, 0)
    return row.value.to_bytes(row.size // 8, "big")
