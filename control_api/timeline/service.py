"""What a studio recorded in a range of time: the parts of its videos, and the gaps with reasons."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from control_api.library.growing import Grown
from control_api.library.names import tells_parts_of_seconds
from control_api.library.portrait import READY, WRITING, is_indexed
from control_api.library.reasons import FileReason
from control_api.library.tables import VideoRow
from control_api.schedules.tables import RunRow
from control_api.timeline.footage import (
    PARTS_OF_SECONDS,
    WHOLE_SECONDS,
    Footage,
    Quality,
    footage,
)
from control_api.timeline.gaps import Gap, Missing, named
from control_api.timeline.line import Span, holes, timeline, within
from control_api.timeline.store import TimelineStore

_LONGEST_SECONDS = 12 * 3600.0
_FAR = float("inf")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What there is of [begin, end): `rows` by id, disjoint spans in order, and the gaps between
    them. `unusable` are videos of that time that are not ready. `running` are those that are being
    written, as they were found."""

    begin: float
    end: float
    rows: Mapping[str, VideoRow]
    spans: Sequence[Span]
    gaps: Sequence[Gap]
    unusable: Sequence[VideoRow]
    running: Sequence[Running] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """A video that is being written. `end` is its newest second that can be read, in Unix seconds;
    None where nothing can, for `reason`, or nobody may look into it now."""

    row: VideoRow
    size: int = 0
    end: float | None = None
    reason: FileReason | None = None


class Timelines:
    """Reads the timeline of each studio out of the index; `growing` looks into videos that are
    being written."""

    def __init__(
        self,
        store: TimelineStore,
        growing: Callable[[VideoRow], Grown | None] = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._growing = growing
        self._now = now

    def newest_end(self, studio: str) -> float | None:
        """When the video that began last ends; None without a video."""
        return self._store.newest_end(studio)

    def newest_moment(self, studio: str) -> float | None:
        """The same; now, where one is being written, however much of it is on the disk."""
        return self._now() if self._store.written(studio) else self.newest_end(studio)

    def running(self, studio: str) -> list[Running]:
        """What is being written of a studio."""
        return [self.grown(row) for row in self._store.written(studio)]

    def grown(self, row: VideoRow) -> Running:
        """A video that is being written as it is now; duration and size of the row are set."""
        found = self._growing(row)
        if found is None or found.reason is not None:
            return Running(row, reason=None if found is None else found.reason)
        row.duration, row.size = found.newest, found.size
        is_indexed(row)
        return Running(row, found.size, row.sort_start + row.clock_seconds)

    def newest_shown(
        self, studio: str, ranges: Sequence[tuple[float, float]]
    ) -> tuple[float, float] | None:
        """The latest of some ranges of which there is a part, or will be."""
        found, now = self._store.newest_shown(studio, ranges), self._now()
        starts = [row.sort_start for row in self._store.written(studio)]
        shown = [one for one in ranges if one[0] < now and any(at < one[1] for at in starts)]
        return max([*shown, *([found] if found else [])], default=None)

    def recorded(
        self, studio: str, begin: float, end: float, only: Collection[str] | None = None
    ) -> Recorded:
        """What the studio recorded from one moment to another; of `only` these videos if given."""
        rows = self._store.between(studio, begin, end)
        if only is not None:
            rows = [row for row in rows if row.id in only or row.rendition_of in only]
        running = [self.grown(row) for row in rows if row.state == WRITING]
        readable = {one.row.id for one in running if one.end is not None}
        usable = [row for row in rows if row.state == READY or row.id in readable]
        unusable = [row for row in rows if row not in usable]
        spans = within(timeline(map(footage_of, usable)), begin, end)
        runs = self._store.runs(studio, begin, end)
        pauses = (gap for row in usable for gap in _pauses(row))
        reasons = [*_account(runs), *_unusable(unusable), *pauses]
        reasons += [*_not_written(running), *_recorded(runs)]
        gaps = named(holes(spans, begin, end), reasons)
        found = {row.id: row for row in usable}
        return Recorded(begin, end, found, spans, gaps, unusable, running)

    def gaps_in(self, row: VideoRow, begin: float, end: float) -> Sequence[Gap]:
        """The gaps of one video between two moments: its pauses."""
        spans = within(timeline([footage_of(row)]), begin, end)
        runs = self._store.runs(row.studio, begin, end) if row.studio else ()
        reasons = [*_account(runs), *_pauses(row)]
        if row.state == WRITING:
            reasons.append(Gap(row.sort_start + row.clock_seconds, _FAR, Missing.NOT_WRITTEN))
        return named(holes(spans, begin, end), reasons)


def footage_of(row: VideoRow) -> Footage:
    quality = Quality(row.start_estimated, bool(row.reason), row.rendition_of is not None)
    tolerance = PARTS_OF_SECONDS if tells_parts_of_seconds(row.name) else WHOLE_SECONDS
    return footage(
        row.id,
        row.duration,
        row.start,
        row.anchors,
        quality=quality,
        tracks=row.tracks,
        tolerance=tolerance,
    )


def _account(runs: Sequence[RunRow]) -> Iterator[Gap]:
    for run in runs:
        for gap in run.gaps:
            yield Gap(gap["start"], gap["end"], gap["code"], gap.get("params") or {})


def _recorded(runs: Sequence[RunRow]) -> Iterator[Gap]:
    """What the account has as recorded, for holes in which there is no video all the same."""
    for run in runs:
        yield Gap(run.start, run.accounted_until, Missing.NO_VIDEO)


def _unusable(rows: Sequence[VideoRow]) -> Iterator[Gap]:
    for row in rows:
        params = {"id": row.id, "name": PurePosixPath(row.name).name, "state": row.state}
        yield Gap(row.sort_start, _unusable_end(row), Missing.VIDEO_UNUSABLE, params)


def _unusable_end(row: VideoRow) -> float:
    """Where the length is not known, until the file was changed last."""
    if row.state == WRITING:
        return _FAR
    if row.clock_seconds:
        return row.sort_start + row.clock_seconds
    return min(row.mtime_ns / 1e9, row.sort_start + _LONGEST_SECONDS)


def _not_written(running: Sequence[Running]) -> Iterator[Gap]:
    for one in running:
        if one.end is not None:
            yield Gap(one.end, _FAR, Missing.NOT_WRITTEN)


def _pauses(row: VideoRow) -> Iterator[Gap]:
    pieces = footage_of(row).stretches
    for before, after in zip(pieces, pieces[1:], strict=False):
        yield Gap(before.end, after.wall, Missing.PAUSED)
