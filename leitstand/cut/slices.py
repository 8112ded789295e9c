"""H.264 slice headers, as far as a copied picture needs another number.

Names and order are those of ITU-T H.264, 7.3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from leitstand.cut.bits import Bits, plain
from leitstand.cut.parameters import PictureSet, SequenceSet
from leitstand.cut.request import CannotCopy

_P, _B, _I = 0, 1, 2
IDR = 5
"""The nal_unit_type of a picture after which nothing refers to what came before."""
# Changes of one reference list: subtract (0) or add (1), and by how much less one.
Edits = Sequence[tuple[int, int]]


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
        made = Slice(data, data[0] >> 5 & 3, data[0] & 31 == IDR, sps, pps, kind)
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
