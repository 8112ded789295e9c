"""What a studio recorded in a range of time: the parts of its videos, and the gaps with reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from control_api.library.names import tells_parts_of_seconds
from control_api.library.portrait import READY, WRITING
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


@dataclass(frozen=True, slots=True)
class Recorded:
    """What there is of [begin, end): `rows` by id, disjoint spans in order, and the gaps between
    them. `unusable` are videos of that time that are not ready."""

    begin: float
    end: float
    rows: Mapping[str, VideoRow]
    spans: Sequence[Span]
    gaps: Sequence[Gap]
    unusable: Sequence[VideoRow]


class Timelines:
    """Reads the timeline of each studio out of the index."""

    def __init__(self, store: TimelineStore) -> None:
        self._store = store

    def newest_end(self, studio: str) -> float | None:
        """When the video that began last ends; None without a video."""
        return self._store.newest_end(studio)

    def newest_shown(
        self, studio: str, ranges: Sequence[tuple[float, float]]
    ) -> tuple[float, float] | None:
        """The latest of some ranges of which there is a part."""
        return self._store.newest_shown(studio, ranges)

    def recorded(
        self, studio: str, begin: float, end: float, only: Collection[str] | None = None
    ) -> Recorded:
        """What the studio recorded from one moment to another; of `only` these videos if given."""
        rows = self._store.between(studio, begin, end)
        if only is not None:
            rows = [row for row in rows if row.id in only or row.rendition_of in only]
        usable = [row for row in rows if row.state == READY]
        unusable = [row for row in rows if row.state != READY]
        spans = within(timeline(map(footage_of, usable)), begin, end)
        runs = self._store.runs(studio, begin, end)
        pauses = (gap for row in usable for gap in _pauses(row))
        reasons = [*_account(runs), *_unusable(unusable), *pauses, *_recorded(runs)]
        gaps = named(holes(spans, begin, end), reasons)
        return Recorded(begin, end, {row.id: row for row in usable}, spans, gaps, unusable)

    def gaps_in(self, row: VideoRow, begin: float, end: float) -> Sequence[Gap]:
        """The gaps of one video between two moments: its pauses."""
        spans = within(timeline([footage_of(row)]), begin, end)
        runs = self._store.runs(row.studio, begin, end) if row.studio else ()
        return named(holes(spans, begin, end), [*_account(runs), *_pauses(row)])


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
        return float("inf")
    if row.clock_seconds:
        return row.sort_start + row.clock_seconds
    return min(row.mtime_ns / 1e9, row.sort_start + _LONGEST_SECONDS)


def _pauses(row: VideoRow) -> Iterator[Gap]:
    pieces = footage_of(row).stretches
    for before, after in zip(pieces, pieces[1:], strict=False):
        yield Gap(before.end, after.wall, Missing.PAUSED)
