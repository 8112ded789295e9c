"""Disk space that is kept in a file and given up, step by step, when its file system is full."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from control_api.sizes import size_text

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_disk_full(error: OSError) -> bool:
    """Whether a write failed because no space is left, or the quota is used up."""
    return error.errno in _FULL


def disk_full_sentence(folder: Path, name: str = "") -> str:
    """What people read of a full disk: which file system, and how much is free on it.

    `name` is used instead of the folder's path where the path must not be shown.
    """
    return f"disk full: {_free_text(folder)} on the file system of {name or folder}"


class Reserve:
    """A file of `size` bytes. `release` gives up `step` of them, `restore` takes all back."""

    def __init__(self, path: Path, size: int, step: int) -> None:
        self.path = path
        self._size = size
        self._step = step
        self._lock = threading.Lock()
        self._is_allocated = False

    @property
    def device(self) -> int | None:
        """The file system that it is on; None where its folder cannot be read."""
        try:
            return self.path.parent.stat().st_dev
        except OSError:
            return None

    def release(self) -> bool:
        """Give one step back to the file system. False where nothing is left."""
        said = disk_full_sentence(self.path.parent)
        with self._lock:
            try:
                left = self._shrink()
            except OSError:
                return False
            self._is_allocated = False
        if left + self._step == self._size:
            logger.warning("%s; its reserve of %s is used now", said, size_text(self._size))
        if left <= 0:
            logger.error("%s; its reserve is used up", said)
        return True

    def restore(self) -> None:
        """Have the whole size again, where twice as much is free. An unwritable folder has none."""
        with self._lock, contextlib.suppress(OSError):
            if self._is_allocated and _size_of(self.path) >= self._size:
                return
            if shutil.disk_usage(self.path.parent).free >= 2 * self._size:
                _grow(self.path, self._size)
                self._is_allocated = True
                logger.info("%s holds a reserve of %s", self.path, size_text(self._size))

    def _shrink(self) -> int:
        """Cut one step off, and return how much is left; an empty file goes, with its inode."""
        opened = _opened(self.path)
        try:
            size = os.fstat(opened).st_size
            if size > self._size:
                raise OSError(errno.EFBIG, "this is not a reserve", str(self.path))
            os.ftruncate(opened, max(0, size - self._step))
            if size <= self._step:
                self.path.unlink()
            # Some file systems have the space free only when the change is on the disk.
            os.fsync(opened)
        finally:
            os.close(opened)
        return size - self._step


class Reserves:
    """Reserves of several folders; one a file system counts, the first that is given."""

    def __init__(self, reserves: Sequence[Reserve] = ()) -> None:
        self._reserves = reserves

    def restore(self) -> None:
        """Each file system's reserve has its whole size again, where there is space for it."""
        done: set[int | None] = {None}
        for reserve in self._reserves:
            if (device := reserve.device) not in done:
                done.add(device)
                reserve.restore()

    def retry(self, folder: Path, action: Callable[[], T]) -> T:
        """The result of a change in a folder; it is done again as long as a full disk stopped it
        and the reserve gave space. It must be one that can be repeated."""
        while True:
            try:
                return action()
            except OSError as error:
                if not is_disk_full(error) or not self._release(folder):
                    raise

    def _release(self, folder: Path) -> bool:
        try:
            device = folder.stat().st_dev
        except OSError:
            return False
        return any(one.release() for one in self._reserves if one.device == device)


def _size_of(path: Path) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


def _opened(path: Path, flags: int = 0) -> int:
    """The reserve, open for writing: never a link, a pipe, or a file with another name too."""
    flags |= os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    opened = os.open(path, flags, 0o600)
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(opened)
        raise OSError(errno.EINVAL, "this is not a file of its own", str(path))
    return opened


def _grow(path: Path, size: int) -> None:
    """Allocate the whole size; raises OSError and is then as small as it was."""
    opened = _opened(path, os.O_CREAT)
    try:
        before = os.fstat(opened).st_size
        try:
            os.posix_fallocate(opened, 0, size)
        except OSError:
            os.ftruncate(opened, before)
            raise
    finally:
        os.close(opened)


def _free_text(path: Path) -> str:
    try:
        found = os.statvfs(path)
    except OSError:
        return "no space is free"
    free = found.f_bavail * found.f_frsize
    if found.f_files and not found.f_favail and free:
        return f"no more files can be made, with {size_text(free)} free,"
    return f"{size_text(free)} free"
