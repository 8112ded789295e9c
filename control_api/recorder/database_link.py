"""The recorder's own connection to the database, of which every use may fail or hang."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.database_faults import Locked

TABLES_VERSION = "0015"
"""The newest migration; a test holds it against the folder of migrations."""
_BUSY_SECONDS = 2.0
_MIGRATE_SECONDS = 300.0
_ROOT = Path(__file__).resolve().parents[2]


class Unusable(Exception):
    """The database cannot be used; the text says why, in one line, without a secret."""


class Missing(Unusable):
    """Nobody has made it yet."""


class Replaced(Unusable):
    """Its file is not the one that was opened."""


class Busy(Unusable):
    """Another process holds its lock for longer than was waited."""


class DatabaseLink:
    """Used by one thread. Every method raises Unusable."""

    def __init__(self, url: str, *, busy_seconds: float = _BUSY_SECONDS) -> None:
        self._url = url
        self._busy_seconds = busy_seconds
        self._database: Database | None = None
        self._file: tuple[int, int] | None = None
        self._is_checked = False

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that writes."""
        with self._translated(), self._opened().begin() as session:
            yield session

    @contextlib.contextmanager
    def writing_unordered(self) -> Iterator[Session]:
        """The same without a wait for other writers, on PostgreSQL."""
        with self._translated(), self._opened().begin_unordered() as session:
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads."""
        with self._translated(), self._opened().reading() as session:
            yield session

    def check(self) -> None:
        """See whether it is still the file that was opened, and of this version."""
        with self._translated():
            database = self._opened()
            self._check_file(database)
            if not self._is_checked:
                self._check_version(database)
                self._is_checked = True

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _opened(self) -> Database:
        if self._database is None:
            self._database = Database(
                self._url, busy_seconds=self._busy_seconds, may_use_reserve=False
            )
        return self._database

    def _check_file(self, database: Database) -> None:
        file = database.file
        if file is None:
            return
        try:
            found = os.stat(file)
        except FileNotFoundError:
            gone = f"{file} is gone"
            raise Replaced(gone) if self._file else Missing(f"there is no {file} yet") from None
        if self._file is None:
            self._file = found.st_dev, found.st_ino
        elif self._file != (found.st_dev, found.st_ino):
            raise Replaced(f"{file} is another file")

    def _check_version(self, database: Database) -> None:
        if not inspect(database.engine).has_table("alembic_version"):
            raise Missing("it has no tables yet; leitstand api makes them")
        with database.reading() as session:
            found = session.scalar(text("SELECT version_num FROM alembic_version"))
        if found != TABLES_VERSION:
            self.close()
            self._migrate()

    def _migrate(self) -> None:
        """In a process of its own: what it needs would stay in this one's memory."""
        command = [sys.executable, "-P", "-m", "control_api.migrations.upgrade"]
        environment = os.environ | {"PYTHONPATH": str(_ROOT)}
        try:
            done = subprocess.run(
                command,
                input=self._url,
                text=True,
                capture_output=True,
                env=environment,
                timeout=_MIGRATE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            raise Unusable("its tables cannot be brought to this version") from None
        if done.returncode != 0:
            raise Unusable("its tables are of another version")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Locked as error:
            raise Busy(reason_of(error)) from None
        except (SQLAlchemyError, OSError) as error:
            raise Unusable(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """Why the database failed, in a few words."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    said = str(cause).strip().split("\n")[0][:200]
    if isinstance(error, DBAPIError) and said:
        return said
    return getattr(error, "strerror", None) or type(error).__name__
