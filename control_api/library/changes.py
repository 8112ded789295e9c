"""Changes of files and index that are whole or not there, whenever the process is killed.

Each is noted first; what a crash leaves is finished at the next start. Nothing is overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from control_api.errors import ApiError, Conflict, Unavailable
from control_api.library import sidecar
from control_api.library.folders import Folders
from control_api.library.names import TRASH
from control_api.library.store import VideoStore
from control_api.library.tables import IntentRow, VideoRow
from control_api.reserve import Reserves, disk_full_sentence, is_disk_full
from leitstand import atomicfile

logger = logging.getLogger(__name__)

NOTE, MOVE, PURGE = "note", "move", "purge"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


class Changes:
    """Holds `lock` while a file changes its name. `after` is called with each step's name.

    `reserves` give space to a folder whose file system is full.
    """

    def __init__(
        self,
        store: VideoStore,
        folders: Folders,
        after: Callable[[str], None] = lambda _: None,
        *,
        reserves: Reserves | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self._store = store
        self._folders = folders
        self._after = after
        self._reserves = reserves or Reserves()

    def note(self, row: VideoRow, values: Mapping[str, Any]) -> None:
        """Change what is known of a video. Raises Unavailable, Conflict; then nothing has."""
        with self.lock:
            self._earlier(row)
            path = self.path(row)
            before = {name: getattr(row, name) for name in values}
            intent = self._store.intend(_intent(row, NOTE), values)
            self._after("intended")
            for name, value in values.items():
                setattr(row, name, value)
            try:
                self._write(row, path)
            except OSError as error:
                self._store.done(intent, before)
                raise self._unwritable(row, error) from None
            self._after("written")
            self._store.done(intent)

    def keep(self, row: VideoRow) -> None:
        """Save a row and its sidecar; a folder that cannot be written does without."""
        with self.lock:
            intent = self._store.intend(_intent(row, NOTE), row=row)
            self._after("intended")
            try:
                self._write(row, self.path(row))
            except OSError as error:
                logger.warning("the folder %s cannot be written: %s", row.folder, error)
            self._after("written")
            self._store.done(intent)

    def move(self, row: VideoRow, target: str, values: Mapping[str, Any]) -> None:
        """Give a video another name in its folder. Raises Conflict, Unavailable."""
        with self.lock:
            self._earlier(row)
            source, goal = self.path(row), self._folders[row.folder].at(target)
            if not os.path.lexists(source):
                raise Unavailable("the video's file is not there at the moment")
            if os.path.lexists(goal) or os.path.lexists(sidecar.beside(goal)):
                raise Conflict(f"{goal.name!r} exists already; choose another name")
            intent = self._store.intend(_intent(row, MOVE, target, values))
            self._after("intended")
            try:
                self._move(row, intent)
            except OSError as error:
                self._give_up(intent, source, goal)
                raise self._unwritable(row, error) from None

    def purge(self, row: VideoRow) -> None:
        """Delete a video's file for good. Raises Conflict, Unavailable."""
        with self.lock:
            self._earlier(row)
            intent = self._store.intend(_intent(row, PURGE))
            self._after("intended")
            try:
                self._purge(row, intent)
            except OSError as error:
                self._store.done(intent)
                raise self._unwritable(row, error) from None

    def finish(self) -> None:
        """What was begun before a crash; what cannot be finished now is left for the next time."""
        with self.lock:
            self._tidy()
            for intent in self._store.intents():
                row = self._store.get(intent.video_id)
                try:
                    if row is None:
                        self._store.done(intent)
                    else:
                        self._finish(row, intent)
                except (OSError, ApiError) as error:
                    logger.warning("a %s of a video cannot be finished: %s", intent.kind, error)

    def path(self, row: VideoRow) -> Path:
        return self._folders[row.folder].at(row.name)

    def _earlier(self, row: VideoRow) -> None:
        """A change that was begun before, and could not be finished, must not come after."""
        for intent in self._store.intents(row.id):
            try:
                self._finish(row, intent)
            except OSError as error:
                raise self._unwritable(row, error) from None
            if intent.kind != NOTE:
                raise Conflict("an earlier change of this video is done only now; look at it first")

    def _tidy(self) -> None:
        for draft in self._folders.drafts():
            try:
                draft.unlink()
            except OSError as error:
                logger.warning("%s cannot be taken away: %s", draft, error.strerror)

    def _finish(self, row: VideoRow, intent: IntentRow) -> None:
        if intent.kind == MOVE:
            self._move(row, intent)
        elif intent.kind == PURGE:
            self._purge(row, intent)
        else:
            path = self.path(row)
            if os.path.lexists(path):
                self._write(row, path)
            self._store.done(intent)

    def _write(self, row: VideoRow, path: Path) -> None:
        root = self._folders[row.folder].root
        self._reserves.retry(root, lambda: sidecar.write(path, sidecar.of(row)))

    def _move(self, row: VideoRow, intent: IntentRow) -> None:
        """Every step may be taken again."""
        root = self._folders[row.folder].root
        self._reserves.retry(root, lambda: self._move_file(row, intent))

    def _move_file(self, row: VideoRow, intent: IntentRow) -> None:
        folder = self._folders[row.folder]
        source, goal = folder.at(intent.source), folder.at(intent.target)
        _make(folder.root.resolve(), goal.parent)
        if folder.at(intent.target) != goal:
            raise OSError(errno.ELOOP, "a folder became a link")
        if not os.path.lexists(source) and not os.path.lexists(goal):
            # Somebody else took it; the next scan says so.
            self._store.done(intent)
            return
        if _is_taken(source, goal):
            self._give_up(intent, source, goal)
            raise Conflict(f"{goal.name!r} exists already; choose another name")
        sidecar.write(goal, _with(row, intent.changes))
        self._after("written")
        _rename(source, goal)
        self._after("moved")
        with contextlib.suppress(FileNotFoundError):
            sidecar.beside(source).unlink()
        self._after("cleared")
        for parent in {source.parent, goal.parent}:
            # A crash may have come after the trash had lost the folder.
            with contextlib.suppress(FileNotFoundError):
                atomicfile.sync(parent)
        _clear(folder.root.resolve(), source)
        self._after("emptied")
        values = {**intent.changes, "name": intent.target}
        self._store.done(intent, values)
        for name, value in values.items():
            setattr(row, name, value)

    def _give_up(self, intent: IntentRow, source: Path, goal: Path) -> None:
        """The video stays where it is."""
        if os.path.lexists(source) and not _is_same(source, goal):
            with contextlib.suppress(OSError):
                sidecar.beside(goal).unlink()
            self._store.done(intent)

    def _purge(self, row: VideoRow, intent: IntentRow) -> None:
        path = self.path(row)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._after("unlinked")
        with contextlib.suppress(FileNotFoundError):
            sidecar.beside(path).unlink()
        self._after("cleared")
        with contextlib.suppress(FileNotFoundError):
            atomicfile.sync(path.parent)
        _clear(self._folders[row.folder].root.resolve(), path)
        self._store.done(intent, gone=True)

    def _unwritable(self, row: VideoRow, error: OSError) -> Unavailable:
        if is_disk_full(error):
            name = f"the folder {row.folder}"
            return Unavailable(disk_full_sentence(self._folders[row.folder].root, name))
        return Unavailable(f"the folder {row.folder} cannot be written ({error.strerror})")


def _intent(
    row: VideoRow, kind: str, target: str = "", changes: Mapping[str, Any] | None = None
) -> IntentRow:
    return IntentRow(
        video_id=row.id, kind=kind, source=row.name, target=target, changes=dict(changes or {})
    )


def _with(row: VideoRow, changes: Mapping[str, Any]) -> sidecar.Sidecar:
    known = {name: value for name, value in changes.items() if name in sidecar.Sidecar.model_fields}
    return sidecar.of(row).model_copy(update=known)


def _rename(source: Path, goal: Path) -> None:
    """Never over what exists. Does nothing more where it was done already."""
    if not os.path.lexists(source):
        return
    if not _is_same(source, goal):
        try:
            os.link(source, goal, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # This file system has no second names, hence no rename that spares what exists.
            os.rename(source, goal)
            return
    source.unlink()


def _is_taken(source: Path, goal: Path) -> bool:
    there = os.path.lexists(source) and os.path.lexists(goal)
    return there and not _is_same(source, goal)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False


def _make(root: Path, folder: Path) -> None:
    """Step by step, through no link."""
    at = root
    for part in folder.relative_to(root).parts:
        at /= part
        with contextlib.suppress(FileExistsError):
            at.mkdir()
        if at.is_symlink():
            raise OSError(errno.ELOOP, f"{part} is a link")


def _clear(root: Path, file: Path) -> None:
    """Remove the folders that the trash needed for one file."""
    inside = PurePosixPath(file.relative_to(root)).parts
    if inside[0] != TRASH:
        return
    for parent in [*file.parents][: len(inside) - 1]:
        try:
            parent.rmdir()
        except OSError:
            return
