"""Raw counters that reset -> counters that never go down.

MediaMTX's path counters begin again at 0 with every publisher, and a session takes its counters
with it. `Counters` adds up what each of them moved, per series, so that `rate()` and `increase()`
are right over reconnects, session ends and server restarts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

Values = tuple[float | None, ...]
"""Raw values of one object; None where this server's version has no such counter."""


@dataclass(frozen=True, slots=True)
class Reading:
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
        self._totals: dict[str, dict[tuple[str, ...], Values]] = {}

    def update(self, readings: Iterable[Reading]) -> None:
        """Take in one complete poll; objects that it does not list are gone.

        Readings that cannot be made (a bad answer raises while they are) change nothing.
        """
        complete = list(readings)
        present: dict[Hashable, Reading] = {}
        touched: set[str] = set()
        for reading in complete:
            present[reading.id] = reading
            if reading.group is not None:
                self._credit(reading, moved(self._last.get(reading.id), reading), touched)
        self._last = present
        self._forget(len(touched))

    def of(self, group: str) -> Iterator[tuple[tuple[str, ...], Values]]:
        """The series of one group with their totals; None where nothing ever was counted."""
        yield from self._totals.get(group, {}).items()

    def get(self, group: str, series: tuple[str, ...] = ()) -> Values | None:
        return self._totals.get(group, {}).get(series)

    def _credit(self, reading: Reading, delta: Values, touched: set[str]) -> None:
        group = reading.group
        assert group is not None
        if group not in touched:
            touched.add(group)
            # To the end of the order: the front is what is gone longest.
            self._totals[group] = self._totals.pop(group, {})
        series = self._totals[group]
        before = series.get(reading.series)
        series[reading.series] = delta if before is None else add(before, delta)

    def _forget(self, present: int) -> None:
        surplus = len(self._totals) - max(self._memory, present)
        for group in list(self._totals)[: max(surplus, 0)]:
            del self._totals[group]


def moved(before: Reading | None, now: Reading) -> Values:
    """What one object counted since the reading before, which is all it shows if it began again.

    One value that fell is enough to know that all of them began again, also those that have
    meanwhile passed their old mark.
    """
    if before is None or before.epoch != now.epoch or _fell(before.values, now.values):
        return now.values
    return tuple(
        new if old is None or new is None else new - old
        for old, new in zip(before.values, now.values, strict=True)
    )


def _fell(before: Values, now: Values) -> bool:
    return any(
        old is not None and new is not None and new < old
        for old, new in zip(before, now, strict=True)
    )


def add(total: Values, delta: Values) -> Values:
    return tuple(
        b if a is None else a if b is None else a + b for a, b in zip(total, delta, strict=True)
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
