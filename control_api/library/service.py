"""Decides what may be done with a video, and gives other rooms what they need of one."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from control_api.clock import Clock
from control_api.errors import ApiError, Conflict, NotFound, Unavailable
from control_api.library.attempts import Attempts
from control_api.library.changes import Changes
from control_api.library.growing import Growing, Grown
from control_api.library.listing import Wanted
from control_api.library.names import TRASH, day_of, renamed
from control_api.library.portrait import DAMAGED, READY, TRASHED, UNEXAMINED, WRITING
from control_api.library.presence import stat_of
from control_api.library.reasons import is_fatal
from control_api.library.relations import Relations
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow

TRASH_SECONDS = 86_400.0


class Named(Protocol):
    """What a download is called after: a video, or a clip."""

    id: Any
    name: Any
    title: Any
    studio: Any
    start: Any


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, open for reading; whoever asked closes it."""

    row: Named
    file: BinaryIO
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion: `size` bytes are free at `free_at` (Unix seconds)."""

    row: VideoRow
    size: int
    free_at: float


@dataclass(frozen=True, slots=True)
class Emptied:
    """What was deleted out of the trash, in bytes too, and how many videos had to stay in it."""

    videos: int
    size: int
    kept: int


class LibraryService:
    """`in_use` says whether something, such as an export, reads a video at the moment."""

    def __init__(
        self,
        store: VideoStore,
        changes: Changes,
        clock: Clock,
        zone: tzinfo,
        *,
        in_use: Callable[[str], bool] = lambda _: False,
        growing: Growing | None = None,
    ) -> None:
        self.zone = zone
        self._growing = growing or Growing()
        self._store = store
        self._changes = changes
        self._clock = clock
        self._in_use = in_use
        self._relations = Relations(store, changes.keep)

    def page(
        self,
        wanted: Wanted,
        day: date | None = None,
        *,
        page: int = 1,
        page_size: int = 50,
    ) -> tuple[Sequence[VideoRow], int]:
        """Some videos, and how many there are; `day` is the local date of the start."""
        if day is not None:
            between = day_of(datetime(day.year, day.month, day.day), self.zone)
            wanted = Wanted(between, wanted.studio, wanted.text, wanted.sort)
        return self._store.page(wanted, (page - 1) * page_size, page_size)

    def newest(self, studio: str | None = None) -> VideoRow:
        """Raises NotFound."""
        if row := self._store.newest(studio):
            return row
        raise NotFound("there is no video yet" + (f" of {studio!r}" if studio else ""))

    def get(self, id: str) -> VideoRow:
        """One that is there, also in the trash. Raises NotFound."""
        row = self._store.get(id)
        if row is None or row.missing_since is not None:
            raise NotFound(f"there is no video {id!r}; GET /api/videos lists them")
        return row

    def named(self, name: str) -> VideoRow:
        """The newest whose file has this name. Raises NotFound."""
        if row := self._store.named(name):
            return row
        raise NotFound(f"filename: there is no video {name[:100]!r}; GET /api/videos lists them")

    def path(self, id: str) -> Path:
        """Where a video's file is, for rooms that read it. Raises NotFound, Unavailable."""
        return self._changes.path(self.get(id))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Meanwhile no file changes its name: whoever queues work on one does so in here, and what
        is asked of the file later finds it in use."""
        with self._changes.lock:
            yield

    def renditions(self, ids: Iterable[str]) -> Mapping[str, Sequence[VideoRow]]:
        """The renditions of these videos that are not in the trash, by the original's id."""
        found: dict[str, list[VideoRow]] = {}
        for row in self._store.renditions(ids):
            if row.state != TRASHED and row.rendition_of is not None:
                found.setdefault(row.rendition_of, []).append(row)
        return found

    def edit(self, id: str, values: Mapping[str, Any]) -> VideoRow:
        """Change title or notes. Raises NotFound, Conflict, Unavailable."""
        with self._changes.lock:
            row = self._there(id)
            if values:
                self._changes.note(row, values)
        return row

    def keep(self, row: VideoRow, values: Mapping[str, Any]) -> None:
        """Note what another room knows of a video, in its sidecar too; a folder that cannot be
        written does without."""
        with self._changes.lock:
            for name, value in values.items():
                setattr(row, name, value)
            self._changes.keep(row)

    def rename(self, id: str, base: str) -> VideoRow:
        """Another name; the extension stays. Raises BadInput, Conflict, NotFound, Unavailable."""
        with self._changes.lock:
            row = self._whole(id)
            target = renamed(row.name, base)
            if target != row.name:
                self._changes.move(row, target, {})
        return row

    def protect(self, id: str, protected: bool) -> VideoRow:
        """Its renditions too. Raises NotFound, Conflict, Unavailable."""
        with self._changes.lock:
            row = self._there(id)
            for one in self._with_renditions(row):
                self._changes.note(one, {"protected": protected})
        return row

    def throw(self, id: str) -> Deleted:
        """Move a video and its renditions to the trash.

        Raises Conflict if one is protected, being written or in use.
        """
        with self._changes.lock:
            row, now = self._there(id), self._clock.now()
            *renditions, _ = rows = self._deletable(row)
            size = sum(_space_of(self._changes.path(one)) for one in rows)
            values = {"state": TRASHED, "trashed_at": now}
            with self._alone_otherwise(renditions):
                for one in rows:
                    self._changes.move(one, f"{TRASH}/{one.id}/{one.name}", values)
                if row.rendition_of is not None:
                    self._unlink([row])
        return Deleted(row, size, now + TRASH_SECONDS)

    def delete(self, id: str) -> Deleted:
        """Off the disk at once, with its renditions, out of the trash too. Raises Conflict as
        `throw` does."""
        with self._changes.lock:
            row = self.get(id)
            rows = self._deletable(row)
            for one in rows:
                self._require_unchanged(one)
            size = sum(_space_of(self._changes.path(one)) for one in rows)
            for one in rows:
                self._changes.purge(one)
        return Deleted(row, size, self._clock.now())

    def restore(self, id: str) -> VideoRow:
        """Back from the trash, with its renditions. Raises Conflict if it is not there, or its name
        is taken."""
        with self._changes.lock:
            row = self.get(id)
            if row.state != TRASHED:
                raise Conflict(f"{_name(row)!r} is not in the trash")
            renditions = self._renditions(row)
            with self._alone_otherwise(renditions):
                for one in (row, *renditions):
                    target = str(PurePosixPath(*PurePosixPath(one.name).parts[2:]))
                    self._changes.move(one, target, {"state": _state(one), "trashed_at": None})
            self._relations.relate(row)
        return self.get(id)

    def examine(self, id: str) -> VideoRow:
        """Note that a video is to be examined again, now. Raises NotFound, Conflict."""
        with self._changes.lock:
            row = self._there(id)
            if row.state == WRITING:
                raise Conflict(f"{_name(row)!r} is still being written")
            row.examination = Attempts(next_at=self._clock.now()).stored
            self._store.save(row)
        return row

    def trash(self) -> Sequence[VideoRow]:
        return self._store.trash()

    def trash_totals(self) -> tuple[int, int]:
        """How many videos are in the trash, and their bytes."""
        return self._store.trash_totals()

    def empty(self) -> int:
        """Delete what has lain in the trash for a day; how many."""
        before = self._clock.now() - TRASH_SECONDS
        return self._deleted_from_trash(lambda row: (row.trashed_at or before + 1) <= before).videos

    def empty_all(self) -> Emptied:
        """Delete everything that is in the trash, whatever its age."""
        return self._deleted_from_trash(lambda _: True)

    def opened(self, id: str) -> Opened:
        """Raises NotFound, Conflict for what is being written, Unavailable."""
        row = self._there(id)
        if row.state == WRITING:
            raise Conflict(f"{_name(row)!r} is still being written")
        return self._opened(row)

    def opened_growing(self, id: str) -> Opened:
        """A video that is being written, read-only. Raises NotFound, Conflict, Unavailable."""
        row = self._there(id)
        if row.state != WRITING:
            raise Conflict(f"{_name(row)!r} is not being written any more; try again")
        return self._opened(row)

    def grown(self, opened: Opened) -> Grown:
        """What of an open video that is being written can be read. Raises Unavailable."""
        return self._growing.of(opened.row.id, opened.row.name, opened.file)

    def growing(self, row: VideoRow) -> Grown | None:
        """What of a video that is being written can be read now; None where its file is gone, it
        has ended, or too many are looked into."""
        try:
            opened = self.opened_growing(row.id)
            with opened.file:
                return self.grown(opened)
        except ApiError:
            return None

    def now(self) -> float:
        """Unix seconds."""
        return self._clock.now()

    def _opened(self, row: VideoRow) -> Opened:
        try:
            opened = os.open(self._changes.path(row), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise NotFound(f"the file of the video {row.id!r} is not there at the moment") from None
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            os.close(opened)
            raise NotFound(f"the file of the video {row.id!r} is no file any more")
        return Opened(row, os.fdopen(opened, "rb", buffering=0), found.st_size, found.st_mtime_ns)

    def _deleted_from_trash(self, is_due: Callable[[VideoRow], bool]) -> Emptied:
        """Oldest first; what cannot be deleted keeps nothing else from it."""
        videos = size = kept = 0
        for listed in reversed(self._store.trash()):
            with self._changes.lock:
                row = self._store.get(listed.id)
                # It may have been restored meanwhile.
                if row is None or row.state != TRASHED or not is_due(row):
                    continue
                try:
                    size += self.delete(row.id).size
                    videos += 1
                except ApiError:
                    kept += 1
        return Emptied(videos, size, kept)

    def _renditions(self, row: VideoRow) -> list[VideoRow]:
        """Where it is in the trash those in the trash, else the others."""
        is_trashed = row.state == TRASHED
        found = self._store.renditions([row.id])
        return [one for one in found if (one.state == TRASHED) == is_trashed]

    @contextlib.contextmanager
    def _alone_otherwise(self, renditions: Sequence[VideoRow]) -> Iterator[None]:
        """Where an original could not go the same way, its renditions in the trash are videos of
        their own there."""
        try:
            yield
        except ApiError:
            self._unlink([one for one in renditions if one.state == TRASHED])
            raise

    def _unlink(self, renditions: Sequence[VideoRow]) -> None:
        for one in renditions:
            one.rendition_of = None
        self._store.save(*renditions)

    def _with_renditions(self, row: VideoRow) -> list[VideoRow]:
        """The renditions come first: what cannot be done with one of them leaves the original."""
        return [*self._renditions(row), row]

    def _deletable(self, row: VideoRow) -> list[VideoRow]:
        """The same. Raises Conflict."""
        rows = self._with_renditions(row)
        for one in reversed(rows):
            self._require_deletable(one)
        return rows

    def _require_unchanged(self, row: VideoRow) -> None:
        """Raises Conflict, or Unavailable where there is no file."""
        found = stat_of(self._changes.path(row))
        if found is None:
            raise Unavailable("the video's file is not there at the moment")
        if row.state != TRASHED and found != (row.size, row.mtime_ns):
            raise Conflict(f"{_name(row)!r} has changed; try again after the next scan")

    def _require_deletable(self, row: VideoRow) -> None:
        """Raises Conflict."""
        self._require_free(row)
        if row.protected:
            way = "restore and unprotect" if row.state == TRASHED else "unprotect"
            raise Conflict(f"{_name(row)!r} is protected; {way} it first")

    def _there(self, id: str) -> VideoRow:
        row = self.get(id)
        if row.state == TRASHED:
            raise Conflict(f"{_name(row)!r} is in the trash; restore it first")
        return row

    def _whole(self, id: str) -> VideoRow:
        row = self._there(id)
        self._require_free(row)
        return row

    def _require_free(self, row: VideoRow) -> None:
        """Raises Conflict for what is written or exported."""
        if row.state == WRITING or self._changes.path(row) in self._store.being_recorded():
            raise Conflict(f"{_name(row)!r} is still being written")
        if self._in_use(row.id):
            raise Conflict(f"{_name(row)!r} is being exported; try again when that is done")


def _space_of(path: Path) -> int:
    """The bytes that are free without a file; none where it has another name too."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return found.st_size if found.st_nlink == 1 else 0


def _state(row: VideoRow) -> str:
    """Of one that comes back from the trash."""
    if row.examination is not None:
        return UNEXAMINED
    return DAMAGED if is_fatal(row.reason_code) else READY


def _name(row: VideoRow) -> str:
    return PurePosixPath(row.name).name
