"""Decides how a video is played: its file, an index before its file, or what a job makes of it."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from sqlalchemy.orm import Session

from control_api.errors import BadInput, Conflict, NotFound
from control_api.jobs.kinds import Kind
from control_api.jobs.publish import publish
from control_api.jobs.service import Job, JobService
from control_api.jobs.store import OPEN, State
from control_api.library.names import suffix
from control_api.library.service import LibraryService, Opened
from control_api.play.joined import Joined
from control_api.play.reading import Reader
from control_api.play.store import MADE, Plan, PlayStore, part_path
from leitstand.media.formats import demuxer_of

KIND = "play"
_VERSION = 1
"""The version of the index format; an index of another version is built again."""
_WORK_SECONDS = 24 * 3600.0
_WORK_BYTES = 4 << 30
_SPARE_BYTES = 64 << 20
_MOST_BOXES = 100
_MOST_JOBS = 100
"""More than there are of one video: a job is forgotten after 30 days."""


@dataclass(slots=True)
class Called:
    """What the file is called by whoever keeps it."""

    id: Any
    name: Any
    title: Any
    studio: Any
    start: Any


@dataclass(frozen=True, slots=True)
class Standing:
    """How a video is played, whether that is possible at once, and the job that it waits for."""

    plan: Plan
    is_ready: bool
    job: Job | None


@dataclass(frozen=True, slots=True)
class Index:
    """The index of an MP4: `length` bytes from `skip` on of an open file. It counts the bytes of a
    video, or of what a job has made of it, from `shift` on; they are `size`."""

    key: str
    is_made: bool
    file: BinaryIO
    skip: int
    length: int
    shift: int
    size: int


class PlayService:
    def __init__(
        self, library: LibraryService, jobs: JobService, reader: Reader, store: PlayStore
    ) -> None:
        self._library = library
        self._jobs = jobs
        self._reader = reader
        self._store = store
        self._ordering = threading.Lock()

    def kind(self) -> Kind:
        """For the queue."""
        return Kind(
            KIND,
            "control_api.play.work",
            seconds_at_most=_WORK_SECONDS,
            memory_bytes_at_most=_WORK_BYTES,
            clean=_clean,
            needs=lambda params: int(params["bytes"]),
            folder=self._store.folder,
            finish=self._finish,
        )

    def play(self, id: str, by: str) -> Opened | tuple[Job, str]:
        """What is to be sent, open; or the job that makes it first, and why that is needed.

        Raises NotFound, Conflict for what is being written or could not be made, BadInput for
        what cannot be played, Unavailable, TooMany.
        """
        opened, plan, head = self._planned(id)
        with contextlib.ExitStack() as unused:
            unused.enter_context(opened.file)
            unused.enter_context(head)
            if plan.how in ("as_is", "virtual"):
                unused.pop_all()
                return _sent(opened, plan, head)
            if made := self._store.made(_key(opened)):
                return _made(opened, made)
            return self._ordered(opened, plan, by), plan.reason

    def state(self, id: str) -> Standing:
        """The same without doing anything about it. Raises NotFound, Conflict, …"""
        opened, plan, head = self._planned(id)
        with opened.file, head:
            if plan.how in ("as_is", "virtual"):
                return Standing(plan, True, None)
            made = self._store.made(_key(opened))
            if made is not None:
                made.close()
            return Standing(plan, made is not None, self._job(opened))

    def index(self, id: str) -> Index | None:
        """Where the samples of a video lie; None where it has no such index, or not yet. Whoever
        asked closes it. Raises as `play` does."""
        opened, plan, head = self._planned(id)
        key = _key(opened)
        with contextlib.ExitStack() as unused:
            unused.enter_context(opened.file)
            unused.enter_context(head)
            if plan.how == "virtual":
                unused.pop_all()
                opened.file.close()
                return Index(key, False, head, plan.skip, plan.head, plan.head, opened.size)
            if plan.how == "as_is":
                found = _index_of(opened.file, key, is_made=False)
                if found is not None:
                    unused.pop_all()
                    head.close()
                return found
        made = self._store.made(key)
        found = None if made is None else _index_of(made, key, is_made=True)
        if found is None and made is not None:
            made.close()
        return found

    def payload(self, id: str, key: str, is_made: bool) -> BinaryIO:
        """What an index is of, open. Raises NotFound where it is not what it was then."""
        opened = self._library.opened(id)
        if _key(opened) == key and not is_made:
            return opened.file
        opened.file.close()
        made = self._store.made(key) if _key(opened) == key else None
        if made is None:
            raise NotFound(f"the video {id!r} has changed; load the evening again")
        return made

    def _planned(self, id: str) -> tuple[Opened, Plan, BinaryIO]:
        opened = self._library.opened(id)
        try:
            plan, head = self._plan(opened)
            if plan.how == "refused":
                head.close()
                raise BadInput(f"the file: {plan.reason}")
        except BaseException:
            opened.file.close()
            raise
        return opened, plan, head

    def _plan(self, opened: Opened) -> tuple[Plan, BinaryIO]:
        key = _key(opened)
        if kept := self._store.plan(key):
            return kept
        self._reader.once(key, lambda: self._examine(opened, key))
        if kept := self._store.plan(key):
            return kept
        raise BadInput("the file: nothing sound can be found out about it")

    def _examine(self, opened: Opened, key: str) -> None:
        try:
            with self._store.new(key) as answer:
                self._reader.examine(opened.file, _form(opened), answer)
        except (ValueError, TypeError, KeyError):
            raise BadInput("the file: nothing sound can be found out about it") from None

    def _ordered(self, opened: Opened, plan: Plan, by: str) -> Job:
        """Raises Conflict where it was tried and failed."""
        key = _key(opened)
        with self._ordering:
            job = self._job(opened)
            if job is not None and job.state in OPEN:
                return job
            if job is not None and job.state != State.SUCCEEDED:
                how = f"failed: {job.error}" if job.error else "was cancelled"
                raise Conflict(
                    f"job {job.id}, which was to make it playable, {how}; "
                    f"POST /api/jobs/{job.id}/retry tries again"
                )
            with self._library.held():
                params = {
                    "id": opened.row.id,
                    "key": key,
                    "path": str(self._library.path(opened.row.id)),
                    "form": _form(opened),
                    "encode": plan.how == "transcode",
                    "output": str(self._store.folder / (key + MADE)),
                    "bytes": _SPARE_BYTES + 2 * opened.size,
                }
                self._store.make_room()
                return self._jobs.add(KIND, params, by, opened.row.id)

    def _job(self, opened: Opened) -> Job | None:
        """The newest one that was to make it."""
        key = _key(opened)
        jobs = self._jobs.all(kind=KIND, video_id=opened.row.id, limit=_MOST_JOBS)
        return next((job for job in jobs if job.params.get("key") == key), None)

    def _finish(
        self, params: Mapping[str, Any], result: Mapping[str, Any], _: Session
    ) -> dict[str, Any]:
        publish(part_path(params), Path(params["output"]))
        return {**result, "play_url": f"/api/videos/{params['id']}/play"}


def _index_of(file: BinaryIO, key: str, *, is_made: bool) -> Index | None:
    """That of an MP4 whose index comes before its media."""
    at, size = 0, os.fstat(file.fileno()).st_size
    for _ in range(_MOST_BOXES):
        header = os.pread(file.fileno(), 16, at)
        if len(header) < 8:
            return None
        length, kind = struct.unpack_from(">I4s", header)
        if length == 1 and len(header) == 16:
            length = struct.unpack_from(">Q", header, 8)[0]
        if kind == b"moov" and at + length <= size:
            return Index(key, is_made, file, at, length, 0, size)
        if kind == b"mdat" or length < 8:
            return None
        at += length
    return None


def _sent(opened: Opened, plan: Plan, head: BinaryIO) -> Opened:
    if plan.how == "as_is":
        head.close()
        return Opened(_called(opened, suffix(opened.row.name)), *_rest(opened, opened.file))
    joined = cast(BinaryIO, Joined(head, plan.skip, plan.head, opened.file))
    extension = ".mp4" if len(plan.codecs) > 1 or plan.codecs[0] in _PICTURES else ".m4a"
    size = plan.head + opened.size
    return Opened(_called(opened, extension), joined, size, opened.mtime_ns)


_PICTURES = ("h264", "vp9", "av1")


def _made(opened: Opened, file: BinaryIO) -> Opened:
    size = os.fstat(file.fileno()).st_size
    return Opened(_called(opened, MADE), file, size, opened.mtime_ns)


def _rest(opened: Opened, file: BinaryIO) -> tuple[BinaryIO, int, int]:
    return file, opened.size, opened.mtime_ns


def _called(opened: Opened, extension: str) -> Called:
    row = opened.row
    name = PurePosixPath(row.name).with_suffix(extension)
    # The same video has other bytes here than as a download.
    return Called(f"{row.id}-play{_VERSION}", str(name), row.title, row.studio, row.start)


def _form(opened: Opened) -> str:
    return demuxer_of(opened.row.name)


def _key(opened: Opened) -> str:
    return f"{opened.row.id}-{opened.size:x}-{opened.mtime_ns:x}-{_VERSION}"


def _clean(params: Mapping[str, Any]) -> None:
    """Take away what one attempt has left; what is under the final name is whole."""
    part_path(params).unlink(missing_ok=True)
