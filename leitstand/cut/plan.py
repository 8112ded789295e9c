"""Which pictures of a range are copied and which are made anew: pure, from time stamps alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leitstand.cut.bitstream import Key
from leitstand.cut.media import Scan
from leitstand.cut.request import CannotCopy


@dataclass(frozen=True, slots=True)
class Plan:
    """Pictures before `copy_pts` are encoded, packets `copy_from` to `copy_to` (in decoding
    order, those before `copy_pts` left out) copied, pictures from `tail_pts` on encoded again.

    `shown` has the time stamps of all of them in the order they are shown.
    """

    shown: Sequence[int]
    copy_from: int
    copy_to: int
    copy_pts: int
    tail_pts: int | None

    def head(self) -> list[int]:
        return [pts for pts in self.shown if pts < self.copy_pts]

    def tail(self) -> list[int]:
        if self.tail_pts is None:
            return []
        return [pts for pts in self.shown if pts >= self.tail_pts]


def planned(found: Scan) -> Plan:
    """Plans a range that was looked at; raises CannotCopy."""
    # The first frame may have begun before the range.
    return exact(found.pts, found.keys, (found.shown[0], found.end), found.latest)


def from_key(found: Scan) -> Plan:
    """Everything from the key frame before to the end, and what that needs to be decoded."""
    stop, before = _places_until(found, found.shown[-1]), 0
    while stop != before:
        # A frame after the end that others refer to is shown: so are those before it.
        stop, before = _places_until(found, max(found.pts[:stop])), stop
    seam = found.pts[0]
    return Plan(sorted(one for one in found.pts[:stop] if one >= seam), 0, stop, seam, None)


def _places_until(found: Scan, last: int) -> int:
    return max(place for place, pts in enumerate(found.pts) if pts <= last) + 1


def exact(
    pts: Sequence[int],
    keys: Sequence[int],
    span: tuple[int, int],
    latest: Sequence[int] | None = None,
) -> Plan:
    """Plans [start, end) over pictures in decoding order; raises CannotCopy.

    The copy begins with the first joinable key frame in the range. It ends before the first
    packet with a picture that is shown at `end` or later: what comes after that may refer to it.
    `latest` has the latest picture of each packet, where that is not the one it shows.
    """
    start, end = span
    shown = sorted(p for p in pts if start <= p < end)
    first = _first_joinable(pts, keys, start, end)
    seam = pts[first]
    stop = _first_at_or_after(pts, first, end)
    if latest is not None and stop < len(pts):
        stop = _first_at_or_after(latest, first, end)
    if stop == first:
        raise CannotCopy("the pictures after the key frame hold some from after the end")
    while True:
        copied = {p for p in pts[first:stop] if p >= seam}
        left = [p for p in shown if p >= seam and p not in copied]
        if not left or all(p < left[0] for p in copied):
            break
        stop = _first_at_or_after(pts, first, left[0])
    return Plan(shown, first, stop, seam, left[0] if left else None)


def delay(decoded: Sequence[int]) -> int:
    """By how many pictures decoding must run ahead so that none is decoded after it is shown."""
    rank = {pts: place for place, pts in enumerate(sorted(decoded))}
    return max((place - rank[pts] for place, pts in enumerate(decoded)), default=0)


def _first_joinable(pts: Sequence[int], keys: Sequence[int], start: int, end: int) -> int:
    for place, key in enumerate(keys):
        if key and start <= pts[place] < end:
            if key != Key.UNJOINABLE:
                return place
    if any(key and start <= p < end for p, key in zip(pts, keys, strict=True)):
        raise CannotCopy("the key frames in the range need pictures before them")
    raise CannotCopy("there is no key frame in the range")


def _first_at_or_after(pts: Sequence[int], place: int, bound: int) -> int:
    while place < len(pts) and pts[place] < bound:
        place += 1
    return place
