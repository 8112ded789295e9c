"""Exclusive locks on files: one process of this machine holds each, until it ends.

The kernel releases a lock with its process, so none is left behind by a kill or a power cut.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
import weakref
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock, or held it last: `since` is in Unix seconds."""

    pid: int
    since: float
    identity: str

    def __str__(self) -> str:
        since = datetime.fromtimestamp(int(self.since)).astimezone()
        return f"process {self.pid}, since {since:%Y-%m-%d %H:%M:%S %z}"


class Taken(Exception):
    """Another process holds the lock; the text names it."""


class ExclusiveFile:
    """A held lock on `file`, which is made if need be and never removed.

    `previous` is the last holder before this one: its process has ended, or has let go.
    """

    def __init__(self, file: Path, identity: str) -> None:
        """`identity` tells this process from every other. Raises Taken, OSError."""
        handle = _opened(file)
        self._close = weakref.finalize(self, os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(handle)
            self._close()
            raise Taken(str(holder or "a process that has only just started")) from None
        except OSError:
            self._close()
            raise
        self.previous = _read(handle)
        _write(handle, Holder(os.getpid(), time.time(), identity))

    def release(self) -> None:
        """Let another process have it; may be called again."""
        self._close()


class ExclusiveFolder:
    """A held lock on a folder itself, where no file can be made in it."""

    def __init__(self, folder: Path) -> None:
        """Raises Taken, OSError."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._close = weakref.finalize(self, os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._close()
            raise Taken("a process that could not say which") from None
        except OSError:
            self._close()
            raise

    def release(self) -> None:
        """Let another process have it; may be called again."""
        self._close()


def exclusive(file: Path, identity: str) -> ExclusiveFile | ExclusiveFolder:
    """A lock on a file, or on its folder if that is full or read-only. Raises Taken, OSError."""
    try:
        return ExclusiveFile(file, identity)
    except OSError:
        return ExclusiveFolder(file.parent)


def holder_of(file: Path) -> Holder | None:
    """The process that holds the lock on a file now; None if nobody does, or it cannot be told."""
    try:
        handle = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(handle)
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(handle)


def is_private(folder: Path) -> bool:
    """Whether it is there and no other user can put a file into it. Raises OSError."""
    found = folder.lstat()
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid in (os.getuid(), 0) and not others


def _opened(file: Path) -> int:
    """A lock needs no permission to write, so that it holds on a read-only disk too."""
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return os.open(file, os.O_RDONLY)


def _read(handle: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(handle, 4096, 0)))
    except (OSError, ValueError, TypeError):
        return None


def _write(handle: int, holder: Holder) -> None:
    # The lock holds also where the disk is too full to name its holder.
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(asdict(holder)).encode(), 0)
