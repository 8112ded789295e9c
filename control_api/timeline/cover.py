"""A set of disjoint intervals, to which only what is still free is added. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Cover:
    """Disjoint half-open intervals in order."""

    def __init__(self) -> None:
        self._begins: list[float] = []
        self._ends: list[float] = []

    def free(self, begin: float, end: float) -> Iterator[tuple[float, float]]:
        """The parts of [begin, end) that no interval covers, in order."""
        at = begin
        for place in range(bisect_right(self._ends, begin), bisect_left(self._begins, end)):
            if self._begins[place] > at:
                yield at, self._begins[place]
            at = max(at, self._ends[place])
        if at < end:
            yield at, end

    def add(self, begin: float, end: float) -> None:
        """Cover [begin, end), which must be free."""
        place = bisect_right(self._begins, begin)
        self._begins.insert(place, begin)
        self._ends.insert(place, end)
