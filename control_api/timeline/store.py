"""Videos of a studio by the time that they show, and the recorder's account, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, and_, func, select, text
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.library.portrait import WRITING
from control_api.library.tables import VideoRow
from control_api.schedules.tables import RunRow

_LONGEST_RUN_SECONDS = 4 * 86_400.0
_MOST_WRITTEN = 20
"""Among that many videos before a moment, those that were still being written then are found."""
_FAR = 1e11
"""A moment after all others."""
_VIDEO_END = VideoRow.sort_start + VideoRow.clock_seconds


class TimelineStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def between(self, studio: str, begin: float, end: float) -> Sequence[VideoRow]:
        """The videos that show a part of [begin, end), and those being written that may."""
        with self._database.reading() as session:
            longest = _longest(session, studio)
            query = select(VideoRow).where(*_showing(studio, begin, end, longest))
            found = session.scalars(query.order_by(VideoRow.sort_start, VideoRow.id)).all()
            written = session.scalars(_written(studio, end)).all()
            return [*found, *(row for row in written if row not in found)]

    def written(self, studio: str) -> Sequence[VideoRow]:
        """The videos of a studio that are being written."""
        with self._database.reading() as session:
            return session.scalars(_written(studio, _FAR)).all()

    def newest_end(self, studio: str) -> float | None:
        """When the video that began last ends; None without a video."""
        query = select(_VIDEO_END).where(VideoRow.on_timeline.is_(True), VideoRow.studio == studio)
        query = query.order_by(VideoRow.sort_start.desc()).limit(1)
        with self._database.reading() as session:
            return session.scalar(query)

    def newest_shown(
        self, studio: str, ranges: Sequence[tuple[float, float]]
    ) -> tuple[float, float] | None:
        """The latest of some ranges [begin, end) of which a video shows a part."""
        if not ranges:
            return None
        values: dict[str, Any] = {"studio": studio, "is_there": True}
        for number, (first, last) in enumerate(ranges):
            values |= {f"first_{number}": first, f"last_{number}": last}
        with self._database.reading() as session:
            values["longest"] = _longest(session, studio)
            row = session.execute(_newest_shown(len(ranges)), values).first()
        return None if row is None else (row[0], row[1])

    def runs(self, studio: str, begin: float, end: float) -> Sequence[RunRow]:
        """The accounts of the windows that overlap [begin, end)."""
        query = select(RunRow).where(
            RunRow.studio == studio,
            RunRow.start < end,
            RunRow.start > begin - _LONGEST_RUN_SECONDS,
            RunRow.end > begin,
        )
        with self._database.reading() as session:
            return session.scalars(query.order_by(RunRow.start, RunRow.id)).all()


_SHOWN = """
SELECT begun, ended FROM ({asked}) AS asked WHERE EXISTS (
  SELECT 1 FROM videos
  WHERE on_timeline = :is_there AND studio = :studio
  AND sort_start >= begun - :longest AND sort_start < ended
  AND sort_start + clock_seconds > begun
) ORDER BY begun DESC LIMIT 1
"""


def _newest_shown(count: int) -> TextClause:
    """The latest of so many ranges, `first_0` to `last_0` and so on, of which a video shows a part.

    As text: to put an expression with many parts together takes longer than the query.
    """
    one = "SELECT CAST(:first_{0} AS FLOAT) AS begun, CAST(:last_{0} AS FLOAT) AS ended"
    return text(_SHOWN.format(asked=" UNION ALL ".join(map(one.format, range(count)))))


def _longest(session: Session, studio: str) -> float:
    """How long the longest video of the studio is by the clock."""
    query = select(func.max(VideoRow.clock_seconds))
    query = query.where(VideoRow.on_timeline.is_(True), VideoRow.studio == studio)
    return session.scalar(query) or 0.0


def _showing(
    studio: str, begin: float, end: float, longest: float
) -> tuple[ColumnElement[bool], ...]:
    return (
        VideoRow.on_timeline.is_(True),
        VideoRow.studio == studio,
        VideoRow.sort_start >= begin - longest,
        VideoRow.sort_start < end,
        begin < _VIDEO_END,
    )


def _written(studio: str, end: float) -> Select[VideoRow]:
    """Their length is that of the last scan, so they are not always among what shows a moment."""
    before = and_(
        VideoRow.on_timeline.is_(True), VideoRow.studio == studio, VideoRow.sort_start < end
    )
    newest = select(VideoRow.id, VideoRow.state).where(before).order_by(VideoRow.sort_start.desc())
    newest_ones = newest.limit(_MOST_WRITTEN).subquery()
    written = select(newest_ones.c.id).where(newest_ones.c.state == WRITING)
    return select(VideoRow).where(VideoRow.id.in_(written))
