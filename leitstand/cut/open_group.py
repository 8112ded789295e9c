"""H.264 from an I picture on that is no IDR picture: it becomes one, and the pictures after it
are numbered anew.

Pictures shown before the I picture and decoded after it (its leading pictures) are left out. What
remains must refer to what remains. To prove that, the references are followed as ITU-T H.264,
8.2.4 and 8.2.5 say, in the stream as it was and in the one that is written. CannotCopy where a
picture may refer to one that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leitstand.cut.request import CannotCopy
from leitstand.cut.rewrite import beginning, renumbered, rewritten
from leitstand.cut.slices import Edits, Headers, Slice

_SLICES = {1, 5}
# Slices in partitions, and further views.
_STRANGE = {2, 3, 4, 14, 20, 21}
# Must differ from that of an IDR picture right before or after.
_BEGIN = 4711


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture kept as a reference: its number in the source and in the clip (None: it is not
    in the clip), and its place in the order shown, from the I picture on."""

    number: int
    new: int | None
    order: int


class OpenGroup:
    """Packet by packet, from the I picture on, in decoding order."""

    def __init__(self, sets: Sequence[bytes]) -> None:
        self._headers = Headers.of(sets)
        self._begun = self._passed = False
        # Whether nothing that lay before the I picture can still be kept in the source.
        self._known = False
        self._source: list[_Kept] = []
        self._clip: list[_Kept] = []
        self._number = self._new = 0
        self._first_order = self._last_order = 0

    def renewed(self, nals: Sequence[bytes], *, leading: bool) -> list[bytes]:
        """The NAL units of one packet as they must be; those of a leading picture as they were."""
        if self._passed:
            return list(nals)
        slices = [(place, nal) for place, nal in enumerate(nals) if nal[0] & 31 in _SLICES]
        if not slices or any(nal[0] & 31 in _STRANGE for nal in nals):
            raise CannotCopy("the pictures are kept in an unusual form")
        read = {place: self._headers.read(nal) for place, nal in slices}
        first = next(iter(read.values()))
        if self._begun and first.idr:
            self._passed = True
            return list(nals)
        made = list(nals)
        renew = self._later if self._begun else self._first
        for place, nal in renew(read, leading=leading).items():
            made[place] = nal
        return made

    def _first(self, read: dict[int, Slice], *, leading: bool) -> dict[int, bytes]:
        one = next(iter(read.values()))
        if leading or not one.reference or not all(a.is_intra for a in read.values()):
            raise CannotCopy("the copy would begin with a picture that needs others")
        self._begun = True
        self._number, self._new = one.number, 0
        # The place of the first field is 0.
        lowest = max(0, -one.bottom)
        self._first_order = one.order - lowest
        self._last_order = lowest
        kept = _Kept(one.number, 0, lowest)
        self._source, self._clip = [kept], [kept]
        return {place: beginning(a, _BEGIN) for place, a in read.items()}

    def _later(self, read: dict[int, Slice], *, leading: bool) -> dict[int, bytes]:
        one = next(iter(read.values()))
        span = 1 << one.sps.number_bits
        if one.number != (self._number + 1) % span:
            raise CannotCopy("pictures are missing in the source")
        new = (self._new + 1) % span
        order = self._order(one)
        made = {}
        if not leading:
            low = order % (1 << one.sps.order_bits) if one.sps.order_type == 0 else 0
            made = {place: self._renewed(a, new, (order, low)) for place, a in read.items()}
        self._keep(one, _Kept(one.number, None if leading else new, order))
        return made

    def _order(self, one: Slice) -> int:
        """The place in the order shown, from the I picture on (8.2.1.1 and 8.2.1.3)."""
        if one.sps.order_type:
            # In the order decoded.
            self._last_order += 2
            return self._last_order
        span = 1 << one.sps.order_bits
        low = (one.order - self._first_order - self._last_order) % span
        order = self._last_order + (low if low <= span // 2 else low - span)
        if one.reference:
            self._last_order = order
        return order

    def _renewed(self, one: Slice, new: int, place: tuple[int, int]) -> bytes:
        order, low = place
        span = 1 << one.sps.number_bits
        steps = {(one.number - kept.number - (new - (kept.new or 0))) % span for kept in self._clip}
        if steps <= {0} and self._known and self._source == self._clip:
            return renumbered(one, new, low)
        wanted = self._lists(one, order)
        plain = _initial(self._clip, one, (new, order))
        edits = [
            () if list(row[: len(want)]) == want else _edits(want, new, span)
            for want, row in zip(wanted, plain, strict=True)
        ]
        marks = [(new - (gone.new or 0)) % span - 1 for gone in self._gone(one)]
        return rewritten(one, new, low, edits, marks)

    def _lists(self, one: Slice, order: int) -> list[list[_Kept]]:
        """The pictures that the slice may refer to; raises CannotCopy if one is not there."""
        found = []
        initial = _initial(self._source, one, (one.number, order))
        certain = _certain(self._source, one, order)
        for place in range(one.lists):
            row: list[_Kept | None] = list(initial[place])
            # What lay before the I picture is unknown, and where it would stand in the list.
            if not self._known:
                row = row[: certain[place]]
            row = self._edited(row, one, place)[: one.active[place]]
            kept = [a for a in row if a is not None and a in self._clip]
            if len(kept) < one.active[place]:
                raise CannotCopy("pictures refer to others before the key frame")
            found.append(kept)
        return found

    def _edited(self, row: list[_Kept | None], one: Slice, place: int) -> list[_Kept | None]:
        """8.2.4.3.1."""
        span = 1 << one.sps.number_bits
        at, predicted = 0, one.number
        for what, less in one.edits[place] if place < len(one.edits) else ():
            predicted = (predicted + (less + 1) * (1 if what else -1)) % span
            wanted = next((a for a in self._source if a.number == predicted), None)
            row = [*row[:at], wanted, *[a for a in row[at:] if a is not wanted or a is None]]
            at += 1
        return row

    def _named(self, one: Slice, less: int) -> _Kept | None:
        number = (one.number - less - 1) % (1 << one.sps.number_bits)
        return next((a for a in self._source if a.number == number), None)

    def _gone(self, one: Slice) -> list[_Kept]:
        """The references in the clip that are given up after this picture."""
        named = [self._named(one, mark) for mark in one.marks]
        return [a for a in self._clip if a in named]

    def _keep(self, one: Slice, kept: _Kept) -> None:
        """8.2.5.3 and 8.2.5.4, in both streams."""
        if not one.reference:
            return
        most, told = max(1, one.sps.references), self._gone(one)
        gone = [self._named(one, mark) for mark in one.marks]
        self._source = _after(self._source, kept, gone, most)
        self._number = one.number
        self._known = self._known or len(self._source) == most
        if kept.new is not None:
            self._clip = _after(self._clip, kept, told, most)
            self._new = kept.new


def _after(row: list[_Kept], kept: _Kept, gone: Sequence[_Kept | None], most: int) -> list[_Kept]:
    left = [a for a in row if a not in gone]
    if not gone and len(left) >= most:
        left = left[1:]
    if len(left) >= most:
        raise CannotCopy("more references are kept than the stream allows")
    return [*left, kept]


def _initial(row: Sequence[_Kept], one: Slice, now: tuple[int, int]) -> list[list[_Kept]]:
    """The lists before their changes (8.2.4.2.1 and 8.2.4.2.3)."""
    if one.lists == 1:
        return [list(reversed(row))]
    if not one.lists:
        return []
    before = sorted((a for a in row if a.order < now[1]), key=lambda a: -a.order)
    after = sorted((a for a in row if a.order > now[1]), key=lambda a: a.order)
    first, second = before + after, after + before
    if len(second) > 1 and first == second:
        second[:2] = second[1::-1]
    return [first, second]


def _certain(row: Sequence[_Kept], one: Slice, order: int) -> tuple[int, int]:
    """How many places of the lists are known though pictures before the I picture are not."""
    if one.lists == 1:
        return len(row), 0
    before = sum(0 <= a.order < order for a in row)
    after = sum(a.order > order for a in row)
    return before, after if before else 0


def _edits(wanted: Sequence[_Kept], new: int, span: int) -> Edits:
    """The changes that make a list of exactly these pictures."""
    found, predicted = [], new
    for one in wanted:
        step = (predicted - (one.new or 0)) % span
        found.append((0, (step or span) - 1))
        predicted = one.new or 0
    return found
