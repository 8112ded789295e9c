"""Tells a database that cannot be used at this moment from one that is configured wrongly."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from leitstand.config import ConfigError


class DatabaseAway(ConfigError):
    """It cannot be used now; it may be later, with the same configuration.

    A command ends with it as with any error of the configuration; a service waits.
    """


_PASSING_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_PASSING_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}
# What a PostgreSQL refuses that is about to start or end, or has too many clients.
_PASSING_REFUSALS = ("starting up", "shutting down", "recovery", "too many", "not yet accepting")


def is_passing(error: Exception, file: Path | None) -> bool:
    """Whether it may work later; `file` is SQLite's, None with a server."""
    if isinstance(error, OSError):
        return error.errno in _PASSING_ERRNO
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _is_passing_sqlite(error.orig, file)
    refused = "FATAL" in str(error.orig)
    return isinstance(error, OperationalError) and (
        not refused or any(words in str(error.orig) for words in _PASSING_REFUSALS)
    )


def _is_passing_sqlite(error: sqlite3.Error, file: Path | None) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _PASSING_SQLITE:
        return True
    if code not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or file is None:
        return False
    # Where this user may write, it is the disk or the limit of descriptors that stands in the way.
    return _is_mounted_read_only(file) or (
        os.access(file, os.R_OK | os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)
    )


def _is_mounted_read_only(file: Path) -> bool:
    try:
        return bool(os.statvfs(file.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False
