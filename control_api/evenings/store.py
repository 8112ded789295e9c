"""Evenings in the database, and the videos and windows that they are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, exists, func, select

from control_api.database import Database
from control_api.evenings.grouping import Part, Window
from control_api.evenings.tables import EveningRow
from control_api.library.portrait import WRITING
from control_api.library.tables import VideoRow
from control_api.schedules.tables import RunRow

_LONGEST_RUN_SECONDS = 4 * 86_400.0
_LONGEST_VIDEO_SECONDS = 2 * 86_400.0
_END = VideoRow.sort_start + VideoRow.clock_seconds


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which evenings: of a studio, from a local date to another (`YYYY-MM-DD`, both included)."""

    studio: str | None = None
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What an evening's parts come to."""

    parts: int
    start: float
    end: float
    seconds: float
    size: int
    written: int = 0
    """How many of them are being written."""


class EveningStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, id: str) -> EveningRow | None:
        with self._database.reading() as session:
            return session.get(EveningRow, id)

    def save(self, *rows: EveningRow) -> None:
        """Insert or update."""
        with self._database.begin() as session:
            for row in rows:
                session.merge(row)

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[Sequence[EveningRow], int]:
        """Some of those that have parts, the latest first, and how many there are."""
        has_parts = exists().where(VideoRow.evening_id == EveningRow.id, VideoRow.listed.is_(True))
        conditions = [*_conditions(wanted), has_parts]
        query = select(EveningRow).where(*conditions)
        query = query.order_by(EveningRow.start.desc(), EveningRow.id).offset(offset).limit(limit)
        count = select(func.count()).select_from(EveningRow).where(*conditions)
        with self._database.reading() as session:
            return session.scalars(query).all(), session.scalar(count) or 0

    def totals(self, ids: Collection[str]) -> Mapping[str, Totals]:
        """What the parts of these evenings come to; none for one without parts."""
        columns = (
            func.count(),
            func.min(VideoRow.sort_start),
            func.max(_END),
            func.sum(VideoRow.duration),
            func.sum(VideoRow.size),
            func.sum(case((VideoRow.state == WRITING, 1), else_=0)),
        )
        query = select(VideoRow.evening_id, *columns)
        query = query.where(VideoRow.evening_id.in_(ids), VideoRow.listed.is_(True))
        with self._database.reading() as session:
            found = session.execute(query.group_by(VideoRow.evening_id)).all()
        return {
            str(id): Totals(count, start, end, seconds, int(size), int(written))
            for id, count, start, end, seconds, size, written in found
        }

    def parts(self, id: str) -> Sequence[VideoRow]:
        """The videos of an evening that are there, by start."""
        query = select(VideoRow).filter_by(evening_id=id, listed=True)
        with self._database.reading() as session:
            return session.scalars(query.order_by(VideoRow.sort_start, VideoRow.id)).all()

    def all_parts(self, id: str) -> Sequence[VideoRow]:
        """The parts of an evening, with renditions and videos in the trash."""
        query = select(VideoRow).where(VideoRow.evening_id == id, VideoRow.missing_since.is_(None))
        with self._database.reading() as session:
            return session.scalars(query.order_by(VideoRow.sort_start, VideoRow.id)).all()

    def around(self, studio: str, source: str, begin: float, end: float) -> list[Part]:
        """The recordings of a studio and source that overlap [begin, end)."""
        query = select(VideoRow.id, VideoRow.sort_start, _END, VideoRow.evening_id).where(
            *_recorded(studio, begin, end), VideoRow.source == source
        )
        with self._database.reading() as session:
            return [Part(*found) for found in session.execute(query)]

    def sources(self, studio: str, begin: float, end: float) -> Sequence[str]:
        """Of which there is a recording of the studio that overlaps [begin, end)."""
        query = select(VideoRow.source).where(*_recorded(studio, begin, end)).distinct()
        with self._database.reading() as session:
            return session.scalars(query).all()

    def accounts(self, limit: int) -> Sequence[tuple[int, str, Window]]:
        """The windows whose accounts were begun last: their ids, studios, and the windows."""
        columns = (RunRow.id, RunRow.studio, RunRow.start, RunRow.end, RunRow.title)
        query = select(*columns).order_by(RunRow.id.desc()).limit(limit)
        with self._database.reading() as session:
            found = session.execute(query).all()
        return [(id, studio, Window(start, end, title)) for id, studio, start, end, title in found]

    def windows(self, studio: str, begin: float, end: float) -> list[Window]:
        """The windows of a studio that overlap [begin, end), as far as the account goes."""
        query = select(RunRow.start, RunRow.end, RunRow.title).where(
            RunRow.studio == studio,
            RunRow.start < end,
            RunRow.start > begin - _LONGEST_RUN_SECONDS,
            RunRow.end > begin,
        )
        with self._database.reading() as session:
            return [Window(*found) for found in session.execute(query)]

    def without(self, limit: int) -> Sequence[str]:
        """The ids of videos that should be of an evening and are not, by start."""
        query = select(VideoRow.id).where(
            VideoRow.on_timeline.is_(True),
            VideoRow.studio.is_not(None),
            VideoRow.evening_id.is_(None),
            VideoRow.rendition_of.is_(None),
            VideoRow.state != WRITING,
        )
        with self._database.reading() as session:
            return session.scalars(query.order_by(VideoRow.sort_start).limit(limit)).all()


def _recorded(studio: str, begin: float, end: float) -> tuple[ColumnElement[bool], ...]:
    return (
        VideoRow.on_timeline.is_(True),
        VideoRow.studio == studio,
        VideoRow.sort_start < end,
        VideoRow.sort_start > begin - _LONGEST_VIDEO_SECONDS,
        begin < _END,
        VideoRow.rendition_of.is_(None),
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.studio is not None:
        conditions.append(EveningRow.studio == wanted.studio)
    if wanted.first is not None:
        conditions.append(EveningRow.date >= wanted.first)
    if wanted.last is not None:
        conditions.append(EveningRow.date <= wanted.last)
    return conditions
