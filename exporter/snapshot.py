"""What every source said last, and when."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from exporter.family import Family
from exporter.sources.source import SourceId

Bodies = Mapping[Family, bytes]
"""The rendered samples of one source, per family."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one source said last.

    `good_at` is the monotonic time of the last good answer, `good_time` the same as Unix time;
    both None before the first. `lifetime` is how many seconds an answer holds. A source that is
    `part_of` another is gone when that one is.
    """

    source: SourceId
    lifetime: float
    part_of: SourceId | None = None
    state: Any = None
    bodies: Bodies = field(default_factory=dict)
    good_at: float | None = None
    good_time: float | None = None
    duration: float | None = None
    failures: int = 0
    error: str | None = None

    def holds(self, now: float) -> bool:
        return self.good_at is not None and now - self.good_at <= self.lifetime

    @property
    def was_asked(self) -> bool:
        return self.duration is not None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All reports at one moment. `sequence` grows by one with each change."""

    sequence: int
    reports: Mapping[SourceId, Report]

    def live(self, now: float) -> frozenset[SourceId]:
        """The sources whose last good answer still holds at the monotonic time `now`."""
        holding = {source for source, report in self.reports.items() if report.holds(now)}
        return frozenset(
            source
            for source in holding
            if (owner := self.reports[source].part_of) is None or owner in holding
        )


class SnapshotStore:
    """The latest snapshot; pollers publish into it, everybody else reads from it."""

    def __init__(self, reports: Iterable[Report]) -> None:
        first = {report.source: report for report in reports}
        self._latest = Snapshot(0, MappingProxyType(first))
        self._changed = threading.Condition()

    @property
    def latest(self) -> Snapshot:
        return self._latest

    def publish(self, source: SourceId, **changes: Any) -> None:
        """Replace fields of one source's report and wake whoever waits."""
        with self._changed:
            reports = dict(self._latest.reports)
            reports[source] = replace(reports[source], **changes)
            self._latest = Snapshot(self._latest.sequence + 1, MappingProxyType(reports))
            self._changed.notify_all()

    def wait(self, after: int, timeout: float) -> Snapshot:
        """The first snapshot later than `after`, or the latest when the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest.sequence > after, timeout)
            return self._latest
