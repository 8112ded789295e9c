"""Videos of a studio by the time that they show, and the recorder's account, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, exists, func, literal, select, union_all
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.library.portrait import WRITING
from control_api.library.tables import VideoRow
from control_api.schedules.tables import RunRow

_LONGEST_RUN_SECONDS = 4 * 86_400.0
_MOST_WRITTEN = 20
"""Among that many videos before a moment, those that were still being written then are found."""
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
            written = _written(session, studio, begin, end)
            return [*found, *(row for row in written if row not in found)]

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
        asked = union_all(*(_literal(begin, end) for begin, end in ranges)).subquery("asked")
        first, last = asked.c.first, asked.c.last
        with self._database.reading() as session:
            longest = _longest(session, studio)
            shown = exists().where(
                VideoRow.on_timeline.is_(True),
                VideoRow.studio == studio,
                VideoRow.sort_start >= first - longest,
                VideoRow.sort_start < last,
                first < _VIDEO_END,
            )
            query = select(first, last).where(shown).order_by(first.desc()).limit(1)
            row = session.execute(query).first()
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


def _literal(first: float, last: float) -> Select[Any]:
    return select(literal(first, Float).label("first"), literal(last, Float).label("last"))


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


def _written(session: Session, studio: str, begin: float, end: float) -> list[VideoRow]:
    """Their length is unknown as yet, so they are not among what shows a moment."""
    before = and_(
        VideoRow.on_timeline.is_(True), VideoRow.studio == studio, VideoRow.sort_start < end
    )
    query = select(VideoRow).where(before).order_by(VideoRow.sort_start.desc())
    newest = session.scalars(query.limit(_MOST_WRITTEN)).all()
    return [row for row in newest if row.state == WRITING and row.mtime_ns / 1e9 > begin]
