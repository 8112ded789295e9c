"""Raw counters that reset -> counters that never go down.

MediaMTX's path counters begin again at 0 with every publisher, and a session takes its counters
with it. `Counters` adds up what each of them moved, per series, so that `rate()` and `increase()`
are right over reconnects, session ends and server restarts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

Values = tuple[float | None, ...]
"""Raw values of one object; None where this server's version has no such counter."""


Totals = Sequence[float | None]
"""Sums of such values."""


class Reading(NamedTuple):
    """What one object (a path, a session, a process) counts at one poll.

    `epoch` is anything that changes when the object's counters begin again from 0, such as the
    time since when a path is available. `group` and `series` say what the movement is credited
    to; without a group it is credited to nothing, and only remembered.
    """

    id: Hashable
    values: Values
    group: str | None
    series: tuple[str, ...] = ()
    epoch: Hashable = None


class Counters:
    """Totals per group (a path, a program) and series within it, each of which only grows.

    What an object showed when it was first seen counts in full: it began at 0 after the last poll
    or before the exporter did, and in both cases that much has moved. The totals of groups that
    are gone are kept, at most `memory` of them; the longest gone is forgotten first.
    """

    def __init__(self, memory: int = 10_000) -> None:
        self._memory = memory
        self._last: dict[Hashable, Reading] = {}
        self._totals: dict[str, dict[tuple[str, ...], list[float | None]]] = {}

    def update(self, readings: Iterable[Reading]) -> None:
        """Take in one complete poll; objects that it does not list are gone.

        Readings that cannot be made (a bad answer raises while they are) change nothing.
        """
        complete = {reading[0]: reading for reading in readings}
        touched: dict[str, dict[tuple[str, ...], list[float | None]]] = {}
        for id, reading in complete.items():
            _, values, group, key, _ = reading
            if group is None:
                continue
            series = touched.get(group)
            if series is None:
                series = touched[group] = self._totals.pop(group, {})
            before = self._last.get(id)
            if before == reading:
                continue
            total = series.get(key)
            if total is None:
                total = series[key] = [None if value is None else 0 for value in values]
            for place, by in moved(before, reading):
                known = total[place]
                total[place] = by if known is None else known + by
        # At the end, so that the front is what is gone longest.
        self._totals.update(touched)
        self._last = complete
        self._forget(len(touched))

    def of(self, group: str) -> Iterable[tuple[tuple[str, ...], Totals]]:
        """The series of one group with their totals; None where nothing ever was counted.

        Views, good until the next update: thousands a poll are not worth a copy each.
        """
        return self._totals.get(group, {}).items()

    def get(self, group: str, series: tuple[str, ...] = ()) -> Totals | None:
        return self._totals.get(group, {}).get(series)

    def __len__(self) -> int:
        """How many groups are remembered."""
        return len(self._totals)

    def _forget(self, present: int) -> None:
        surplus = len(self._totals) - max(self._memory, present)
        for group in list(self._totals)[: max(surplus, 0)]:
            del self._totals[group]


def moved(before: Reading | None, now: Reading) -> list[tuple[int, float]]:
    """Which values of an object moved since the reading before, and by how much.

    All that it shows if it began again. One value that fell is enough to know that: the others
    began again as well, also those that have meanwhile passed their old mark.
    """
    if before is None or before.epoch != now.epoch:
        return _everything(now.values)
    changes: list[tuple[int, float]] = []
    for place, (old, new) in enumerate(zip(before.values, now.values, strict=True)):
        if new == old or new is None:
            continue
        by = new if old is None else new - old
        if by < 0:
            return _everything(now.values)
        changes.append((place, by))
    return changes


def _everything(values: Values) -> list[tuple[int, float]]:
    return [(place, value) for place, value in enumerate(values) if value is not None]


def add(total: Totals, other: Totals) -> Totals:
    """The sum of two totals; what only one of them knows is that."""
    return tuple(
        [b if a is None else a if b is None else a + b for a, b in zip(total, other, strict=True)]
    )


class HighWater:
    """The highest value seen per series, for the kernel's counters that now and then step back.

    `iowait` and `idle` may fall a little (proc(5), /proc/stat), which is no reset.
    """

    def __init__(self) -> None:
        self._highest: dict[tuple[str, ...], float] = {}

    def raise_to(self, series: tuple[str, ...], value: float) -> float:
        self._highest[series] = highest = max(value, self._highest.get(series, value))
        return highest
