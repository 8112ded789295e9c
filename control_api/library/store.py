"""Videos and unfinished changes in the database."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.library.portrait import TRASHED, WRITING, is_indexed, searchable
from control_api.library.tables import IntentRow, VideoRow
from control_api.recordings.store import OPEN
from control_api.recordings.tables import RecordingRow

_AT_ONCE = 500


class Sort(enum.StrEnum):
    """What comes first: the newest, the oldest, …"""

    NEWEST = "-start"
    OLDEST = "start"
    TITLE = "title"
    SIZE = "size"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which videos: of a stretch of time, a studio, with a text in title, name or notes."""

    between: tuple[float, float] | None = None
    studio: str | None = None
    text: str = ""
    sort: Sort = Sort.NEWEST


class Known(NamedTuple):
    """What a scan needs of a row."""

    id: str
    size: int
    mtime_ns: int
    state: str
    missing_since: float | None


class Weight(NamedTuple):
    """What retention needs of a row."""

    id: str
    folder: str
    name: str
    title: str
    start: float
    size: int
    duration: float
    state: str
    protected: bool


_ORDERS: Mapping[Sort, Sequence[ColumnElement[Any]]] = {
    Sort.NEWEST: (VideoRow.sort_start.desc(), VideoRow.id.desc()),
    Sort.OLDEST: (VideoRow.sort_start.asc(), VideoRow.id.asc()),
    Sort.TITLE: (VideoRow.title.asc(), VideoRow.id.asc()),
    Sort.SIZE: (VideoRow.size.desc(), VideoRow.id.desc()),
    Sort.DURATION: (VideoRow.duration.desc(), VideoRow.id.desc()),
}


class VideoStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, id: str) -> VideoRow | None:
        with self._database.reading() as session:
            return session.get(VideoRow, id)

    def by_name(self, folder: str, name: str) -> VideoRow | None:
        with self._database.reading() as session:
            return session.scalars(select(VideoRow).filter_by(folder=folder, name=name)).first()

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[Sequence[VideoRow], int]:
        """Some of them, and how many there are."""
        conditions = _conditions(wanted)
        # The ids come from an index alone; the rows are fetched for one page only.
        ids = select(VideoRow.id).where(*conditions).order_by(*_ORDERS[wanted.sort])
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(VideoRow).where(*conditions))
            page = session.scalars(ids.offset(offset).limit(limit)).all()
            rows = {row.id: row for row in session.scalars(_these(page))}
        return [rows[id] for id in page], total or 0

    def newest(self, studio: str | None) -> VideoRow | None:
        """That is whole."""
        conditions = [*_conditions(Wanted(studio=studio)), VideoRow.state != WRITING]
        query = select(VideoRow).where(*conditions).order_by(*_ORDERS[Sort.NEWEST]).limit(1)
        with self._database.reading() as session:
            return session.scalars(query).first()

    def named(self, name: str) -> VideoRow | None:
        """The newest whose file has this name, in whichever folder."""
        below = VideoRow.name.endswith(f"/{name}", autoescape=True)
        query = select(VideoRow).where(VideoRow.listed, or_(VideoRow.name == name, below))
        with self._database.reading() as session:
            return session.scalars(query.order_by(VideoRow.sort_start.desc()).limit(1)).first()

    def trash(self) -> Sequence[VideoRow]:
        """What was deleted last comes first."""
        query = select(VideoRow).where(VideoRow.listed.is_(False), VideoRow.state == TRASHED)
        query = query.where(VideoRow.missing_since.is_(None))
        with self._database.reading() as session:
            return session.scalars(query.order_by(VideoRow.trashed_at.desc())).all()

    def folders(self) -> Sequence[str]:
        """The folders of all that is there, configured or not."""
        query = select(VideoRow.folder).where(VideoRow.missing_since.is_(None)).distinct()
        with self._database.reading() as session:
            return session.scalars(query).all()

    def known(self, folder: str) -> dict[str, Known]:
        """Everything of a folder by name, the missing ones too."""
        columns = (
            VideoRow.name,
            VideoRow.id,
            VideoRow.size,
            VideoRow.mtime_ns,
            VideoRow.state,
            VideoRow.missing_since,
        )
        with self._database.reading() as session:
            rows = session.execute(select(*columns).where(VideoRow.folder == folder))
            return {row[0]: Known(*row[1:]) for row in rows}

    def weights(self) -> list[Weight]:
        """Of all that are there, oldest first."""
        columns = (
            VideoRow.id,
            VideoRow.folder,
            VideoRow.name,
            VideoRow.title,
            VideoRow.sort_start,
            VideoRow.size,
            VideoRow.duration,
            VideoRow.state,
            VideoRow.protected,
        )
        query = select(*columns).where(VideoRow.listed.is_(True))
        with self._database.reading() as session:
            rows = session.execute(query.order_by(VideoRow.sort_start, VideoRow.id))
            return [Weight(*row) for row in rows]

    def totals(self) -> tuple[int, int]:
        """How many videos there are, and their bytes."""
        query = select(func.count(), func.sum(VideoRow.size)).where(VideoRow.listed.is_(True))
        with self._database.reading() as session:
            count, size = session.execute(query).one()
        return count, int(size or 0)

    def save(self, *rows: VideoRow) -> None:
        """Insert or update."""
        with self._database.begin() as session:
            for row in rows:
                session.merge(is_indexed(row))

    def missing(self, ids: Iterable[str], since: float | None) -> None:
        """They are gone since then; None: they are back."""
        seen = {"missing_since": since}
        with self._database.begin() as session:
            for some in _chunks(ids):
                session.execute(update(VideoRow).where(VideoRow.id.in_(some)).values(seen))
                there = VideoRow.state != TRASHED if since is None else False
                session.execute(update(VideoRow).where(VideoRow.id.in_(some)).values(listed=there))

    def forget(self, missing_before: float) -> int:
        """Drop those that did not come back; how many."""
        with self._database.begin() as session:
            gone = session.execute(
                delete(VideoRow)
                .where(VideoRow.missing_since < missing_before)
                .returning(VideoRow.id)
            )
            return len(gone.all())

    def recording_of(self, path: Path) -> RecordingRow | None:
        """The recording that made a file."""
        query = select(RecordingRow).where(
            RecordingRow.file.endswith(path.name, autoescape=True), RecordingRow.state.not_in(OPEN)
        )
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(RecordingRow.id.desc())).all()
        return next((row for row in rows if row.file and _is_same(Path(row.file), path)), None)

    def being_recorded(self) -> set[Path]:
        """The files of recordings that are not over."""
        query = select(RecordingRow.file).where(RecordingRow.state.in_(OPEN))
        with self._database.reading() as session:
            files = [Path(file) for file in session.scalars(query) if file]
        return {file.parent.resolve() / file.name for file in files}

    def intend(
        self,
        intent: IntentRow,
        values: Mapping[str, Any] | None = None,
        row: VideoRow | None = None,
    ) -> IntentRow:
        """Note a change before it begins; what of it concerns the row alone is done at once."""
        with self._database.begin() as session:
            if row is not None:
                session.merge(is_indexed(row))
            session.add(intent)
            _set(session, intent.video_id, values or {})
            session.flush()
        return intent

    def done(
        self, intent: IntentRow, values: Mapping[str, Any] | None = None, gone: bool = False
    ) -> None:
        """A change is over: the row says so, and the note of it is no more."""
        with self._database.begin() as session:
            _set(session, intent.video_id, values or {})
            if gone and (row := session.get(VideoRow, intent.video_id)):
                session.delete(row)
            session.execute(delete(IntentRow).where(IntentRow.id == intent.id))

    def intents(self) -> Sequence[IntentRow]:
        with self._database.reading() as session:
            return session.scalars(select(IntentRow).order_by(IntentRow.id)).all()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [VideoRow.listed.is_(True)]
    if wanted.studio is not None:
        conditions.append(VideoRow.studio == wanted.studio)
    if wanted.between is not None:
        start, end = wanted.between
        conditions += [VideoRow.sort_start >= start, VideoRow.sort_start < end]
    if wanted.text:
        conditions.append(VideoRow.search.contains(searchable(wanted.text), autoescape=True))
    return conditions


def _these(ids: Sequence[str]) -> Select[VideoRow]:
    return select(VideoRow).where(VideoRow.id.in_(ids))


def _set(session: Session, id: str, values: Mapping[str, Any]) -> None:
    row = session.get(VideoRow, id) if values else None
    if row is not None:
        for name, value in values.items():
            setattr(row, name, value)
        is_indexed(row)


def _chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    all_ids = list(ids)
    return (all_ids[at : at + _AT_ONCE] for at in range(0, len(all_ids), _AT_ONCE))


def _is_same(one: Path, other: Path) -> bool:
    return one.name == other.name and one.parent.resolve() == other.parent.resolve()
