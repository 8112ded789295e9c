"""Why a database refuses: its disk is full, another process locks it, or another reason."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy.exc import OperationalError

from control_api.reserve import disk_full_sentence

OTHERWISE = "the database does not answer; try again"

_PRIMARY = 0xFF
"""The bits of SQLite's code that name the kind of an error; the others are details."""
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PERHAPS_FULL = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
"""What SQLite reports when it cannot enlarge, or make, the files beside the database."""
_LEAST_BYTES = 256 * 1024
_POSTGRESQL_FULL = "53100"
_POSTGRESQL_LOCKED = "55P03"


class DatabaseFault(OperationalError):
    """A fault of the surroundings; `sentence` is one for people, without any statement."""

    def __init__(self, sentence: str, cause: BaseException) -> None:
        super().__init__(None, None, cause)
        self.sentence = sentence


class DiskFull(DatabaseFault):
    """The file system of the database has no space left."""


class ReadOnly(DatabaseFault):
    """The SQLite file, or its file system, takes no writes."""


class Locked(DatabaseFault):
    """Another process holds the database's lock for too long."""


class Replaced(DatabaseFault):
    """The SQLite file was deleted or replaced; writes to the open file would be lost."""

    @classmethod
    def gone(cls, file: Path) -> Replaced:
        return cls._of(f"the database's file {file} is gone")

    @classmethod
    def another(cls, file: Path) -> Replaced:
        return cls._of(f"the database's file {file} was replaced by another one")

    @classmethod
    def _of(cls, said: str) -> Replaced:
        sentence = f"{said}; nothing can be saved until it is put back or Leitstand is restarted"
        return cls(sentence, OSError(said))


def sentence_of(error: BaseException) -> str:
    """A sentence for people on why the database refuses."""
    return error.sentence if isinstance(error, DatabaseFault) else OTHERWISE


def fault_of(error: BaseException, file: Path | None) -> DatabaseFault | None:
    """The same error by its cause; None: the cause is not known. `file` is SQLite's."""
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, file)
    state = getattr(error, "sqlstate", None)
    if state == _POSTGRESQL_FULL:
        return DiskFull("disk full: PostgreSQL has no space left for the database", error)
    return Locked(_locked(), error) if state == _POSTGRESQL_LOCKED else None


def is_disk_full(error: sqlite3.Error, file: Path) -> bool:
    """Whether SQLite failed for want of space."""
    kind = _kind(error)
    return kind == sqlite3.SQLITE_FULL or (kind in _PERHAPS_FULL and _has_no_space(file.parent))


def is_read_only(error: BaseException) -> bool:
    """Whether SQLite failed because the file was opened, or is mounted, for reading alone."""
    return isinstance(error, sqlite3.Error) and _kind(error) == sqlite3.SQLITE_READONLY


def _of_sqlite(error: sqlite3.Error, file: Path | None) -> DatabaseFault | None:
    if _kind(error) in _LOCKED:
        return Locked(_locked(), error)
    if is_read_only(error):
        return ReadOnly("the database cannot be written: its file or disk is read-only", error)
    if file is not None and is_disk_full(error, file):
        return DiskFull(disk_full_sentence(file.parent, "the database"), error)
    return None


def _locked() -> str:
    return "the database is locked by another process; try again"


def _kind(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


def _has_no_space(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_BYTES
    except OSError:
        return False
