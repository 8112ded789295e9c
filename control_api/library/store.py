"""Videos and unfinished changes in the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, update
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.library import listing
from control_api.library.attempts import Attempts
from control_api.library.listing import Wanted
from control_api.library.portrait import DAMAGED, READY, TRASHED, WRITING, is_indexed
from control_api.library.tables import IntentRow, VideoRow
from control_api.recordings.store import OPEN
from control_api.recordings.tables import RecordingRow

_AT_ONCE = 500


class Known(NamedTuple):
    """What a scan needs of a row."""

    id: str
    size: int
    mtime_ns: int
    state: str
    missing_since: float | None
    examination: dict[str, Any] | None

    def is_due(self, now: float) -> bool:
        """Whether it is time to examine it, though it has not changed."""
        return self.examination is not None and Attempts.from_stored(self.examination).is_due(now)


class Weight(NamedTuple):
    """What retention needs of a row; `size` is that of its renditions too."""

    id: str
    folder: str
    name: str
    title: str
    start: float
    size: int
    duration: float
    state: str
    protected: bool


_KNOWN = (
    VideoRow.name,
    VideoRow.id,
    VideoRow.size,
    VideoRow.mtime_ns,
    VideoRow.state,
    VideoRow.missing_since,
    VideoRow.examination,
)

_WEIGHT = (
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
_IN_TRASH = (
    VideoRow.listed.is_(False),
    VideoRow.state == TRASHED,
    VideoRow.missing_since.is_(None),
    VideoRow.rendition_of.is_(None),
)
_RENDITIONS = (
    VideoRow.rendition_of.is_not(None),
    VideoRow.missing_since.is_(None),
)
_START_SECONDS = 2.0


class VideoStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._listing = listing.Listing()

    def get(self, id: str) -> VideoRow | None:
        with self._database.reading() as session:
            return session.get(VideoRow, id)

    def by_name(self, folder: str, name: str) -> VideoRow | None:
        with self._database.reading() as session:
            return session.scalars(select(VideoRow).filter_by(folder=folder, name=name)).first()

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[Sequence[VideoRow], int]:
        """Some of them, and how many there are."""
        with self._database.reading() as session:
            return self._listing.page(session, wanted, offset, limit)

    def newest(self, studio: str | None) -> VideoRow | None:
        """That is whole."""
        query = listing.ordered(Wanted(studio=studio)).where(VideoRow.state != WRITING).limit(1)
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
        query = select(VideoRow).where(*_IN_TRASH)
        with self._database.reading() as session:
            return session.scalars(query.order_by(VideoRow.trashed_at.desc())).all()

    def folders(self) -> Sequence[str]:
        """The folders of all that is there, configured or not."""
        query = select(VideoRow.folder).where(VideoRow.missing_since.is_(None)).distinct()
        with self._database.reading() as session:
            return session.scalars(query).all()

    def known(self, folder: str) -> Iterator[tuple[str, Known]]:
        """Everything of a folder with its name, the missing ones too; a few at a time."""
        query = select(*_KNOWN).where(VideoRow.folder == folder)
        with self._database.reading() as session:
            for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
                yield row[0], Known(*row[1:])

    def known_by(self, folder: str, names: Iterable[str]) -> dict[str, Known]:
        """Those of a folder that have these names, the missing ones too; names are a few."""
        query = select(*_KNOWN).where(VideoRow.folder == folder, VideoRow.name.in_(list(names)))
        with self._database.reading() as session:
            return {row[0]: Known(*row[1:]) for row in session.execute(query)}

    def unmoved(self, folder: str, names: Iterable[str]) -> dict[str, str]:
        """The ids of those that still have their names and that no unfinished change concerns."""
        begun = select(IntentRow.video_id)
        found: dict[str, str] = {}
        with self._database.reading() as session:
            for some in _chunks(names):
                query = select(VideoRow.name, VideoRow.id).where(
                    VideoRow.folder == folder, VideoRow.name.in_(some), VideoRow.id.not_in(begun)
                )
                found |= {row.name: row.id for row in session.execute(query)}
        return found

    def weights(self) -> list[Weight]:
        """Of all that are there, oldest first."""
        query = select(*_WEIGHT).where(VideoRow.listed.is_(True))
        with self._database.reading() as session:
            rows = session.execute(query.order_by(VideoRow.sort_start, VideoRow.id))
            return _with_renditions(session, [Weight(*row) for row in rows])

    def trash_weights(self) -> list[Weight]:
        """Of all in the trash, first what was deleted first."""
        query = select(*_WEIGHT).where(*_IN_TRASH)
        with self._database.reading() as session:
            rows = session.execute(query.order_by(VideoRow.trashed_at, VideoRow.id))
            return _with_renditions(session, [Weight(*row) for row in rows])

    def trash_totals(self) -> tuple[int, int]:
        """How many videos are in the trash, and the bytes of all their renditions."""
        return self._totals(_IN_TRASH, VideoRow.state == TRASHED)

    def totals(self) -> tuple[int, int]:
        """How many videos there are, and the bytes of all their renditions."""
        return self._totals([VideoRow.listed.is_(True)], VideoRow.state != TRASHED)

    def _totals(
        self, videos: Sequence[ColumnElement[bool]], state: ColumnElement[bool]
    ) -> tuple[int, int]:
        query = select(func.count(), func.sum(VideoRow.size)).where(*videos)
        more = select(func.sum(VideoRow.size)).where(*_RENDITIONS, state)
        with self._database.reading() as session:
            count, size = session.execute(query).one()
            return count, int(size or 0) + int(session.scalar(more) or 0)

    def renditions(self, ids: Iterable[str]) -> Sequence[VideoRow]:
        """The renditions of these videos, also those in the trash."""
        query = select(VideoRow).where(*_RENDITIONS).order_by(VideoRow.name, VideoRow.id)
        with self._database.reading() as session:
            found = (
                session.scalars(query.where(VideoRow.rendition_of.in_(some))).all()
                for some in _chunks(ids)
            )
            return [row for rows in found for row in rows]

    def alike(self, row: VideoRow) -> Sequence[VideoRow]:
        """The video and those that may be renditions of the same recording: with the same beginning
        of their content, or of the same studio and time."""
        there = VideoRow.missing_since.is_(None), VideoRow.state.in_((READY, DAMAGED))
        start = row.sort_start
        same_time = and_(
            VideoRow.studio.is_not_distinct_from(row.studio),
            VideoRow.sort_start.between(start - _START_SECONDS, start + _START_SECONDS),
        )
        same_content = [VideoRow.content == row.content] if row.content else []
        found: dict[str, VideoRow] = {}
        with self._database.reading() as session:
            for same in (same_time, *same_content):
                query = select(VideoRow).where(*there, same).limit(_AT_ONCE)
                found |= {one.id: one for one in session.scalars(query)}
        return list(found.values())

    def save(self, *rows: VideoRow) -> None:
        """Insert or update."""
        with self._database.begin() as session:
            for row in rows:
                session.merge(is_indexed(row))
            listing.changed(session)

    def missing(self, ids: Iterable[str], since: float | None) -> None:
        """They are gone since then; None: they are back."""
        ids = list(ids)
        if not ids:
            return
        seen = {"missing_since": since}
        with self._database.begin() as session:
            for some in _chunks(ids):
                session.execute(update(VideoRow).where(VideoRow.id.in_(some)).values(seen))
                there = VideoRow.state != TRASHED if since is None else false()
                shown = {
                    "listed": and_(there, VideoRow.rendition_of.is_(None)),
                    "on_timeline": and_(there, VideoRow.is_edited.is_(False)),
                }
                session.execute(update(VideoRow).where(VideoRow.id.in_(some)).values(shown))
            listing.changed(session)

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

    def running_recording(self, path: Path) -> RecordingRow | None:
        """The recording that is not over and writes a file."""
        query = select(RecordingRow).where(RecordingRow.state.in_(OPEN))
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(RecordingRow.id.desc())).all()
        return next((row for row in rows if row.file and _is_same(Path(row.file), path)), None)

    def being_recorded(self) -> set[Path]:
        """The files of recordings that are not over. One whose examination has failed is over: its
        file is a video like any other."""
        columns = RecordingRow.file, RecordingRow.extra
        query = select(*columns).where(RecordingRow.state.in_(OPEN))
        with self._database.reading() as session:
            found = session.execute(query).all()
        files = [Path(file) for file, extra in found if file and not _attempts(extra).failed]
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
            listing.changed(session)
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
            listing.changed(session)
            session.execute(delete(IntentRow).where(IntentRow.id == intent.id))

    def intents(self, video_id: str | None = None) -> Sequence[IntentRow]:
        """All of them or those of one video, oldest first."""
        query = select(IntentRow).order_by(IntentRow.id)
        if video_id is not None:
            query = query.where(IntentRow.video_id == video_id)
        with self._database.reading() as session:
            return session.scalars(query).all()


def _with_renditions(session: Session, weights: list[Weight]) -> list[Weight]:
    query = select(VideoRow.rendition_of, func.sum(VideoRow.size)).where(*_RENDITIONS)
    sizes = {id: int(size) for id, size in session.execute(query.group_by(VideoRow.rendition_of))}
    return [one._replace(size=one.size + sizes.get(one.id, 0)) for one in weights]


def _attempts(extra: Mapping[str, Any]) -> Attempts:
    return Attempts.from_stored(extra.get("examination"))


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
