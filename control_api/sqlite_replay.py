"""A connection to SQLite that repeats its open transaction after a full disk was given space.

SQLite undoes a transaction for which the disk is full, and the code that wrote it cannot be run
again. The connection keeps the statements of the transaction and executes them once more. That
gives the same result, as nothing else was committed in between: otherwise the error stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

MakeSpace = Callable[[sqlite3.Error], bool]
"""Whether the error is a full disk and space was made, so that trying again may help."""

_BEGIN = "BEGIN IMMEDIATE"


class ReplayConnection(sqlite3.Connection):
    """A transaction that `BEGIN IMMEDIATE` opened is repeated as long as `make_space` helps."""

    def __init__(self, make_space: MakeSpace, database: str, *args: Any, **options: Any) -> None:
        options.pop("factory", None)
        super().__init__(database, *args, **options)
        self._make_space = make_space
        self._open_observer = partial(sqlite3.connect, database, *args, **options)
        self._observer: sqlite3.Connection | None = None
        self._statements: list[Callable[[sqlite3.Cursor], object]] | None = None
        self._version = 0

    def cursor(self, *_: Any) -> Any:
        return ReplayCursor(self)

    def commit(self) -> None:
        self.repeated(super().commit)
        self._statements = None

    def rollback(self) -> None:
        self._statements = None
        super().rollback()

    def close(self) -> None:
        if self._observer is not None:
            self._observer.close()
        super().close()

    def began(self) -> None:
        """A transaction that writes is open: its statements are kept from now on."""
        self._statements = []
        self._version = self._data_version()

    def executed(self, statement: Callable[[sqlite3.Cursor], object]) -> None:
        if self._statements is not None:
            self._statements.append(statement)

    def repeated(self, step: Callable[[], object]) -> None:
        """Take the next step, in a transaction after all steps before it, until space suffices."""
        was_reading = self.in_transaction and self._statements is None
        try:
            step()
        except sqlite3.Error as error:
            if was_reading:
                raise
            self._repeat(step, error)

    def _repeat(self, step: Callable[[], object], error: sqlite3.Error) -> None:
        while self._make_space(error):
            try:
                if not self._is_open_again():
                    break
                step()
                return
            except sqlite3.Error as again:
                error = again
        raise error

    def _is_open_again(self) -> bool:
        """Execute what was executed before; False if somebody else wrote in between."""
        if self._statements is None:
            return True
        if self.in_transaction:
            super().rollback()
        cursor = sqlite3.Cursor(self)
        cursor.execute(_BEGIN)
        if self._data_version() != self._version:
            super().rollback()
            return False
        for statement in self._statements:
            statement(cursor)
        cursor.close()
        return True

    def _data_version(self) -> int:
        """Another number after each commit of any connection."""
        if self._observer is None:
            self._observer = self._open_observer()
        (number,) = self._observer.execute("PRAGMA data_version").fetchone()
        return int(number)


class ReplayCursor(sqlite3.Cursor):
    """Hands the statements of a transaction to its connection."""

    connection: ReplayConnection

    def execute(self, sql: str, parameters: Any = (), /) -> ReplayCursor:
        self.connection.repeated(lambda: super(ReplayCursor, self).execute(sql, parameters))
        if sql == _BEGIN:
            self.connection.began()
        elif not sql.startswith("SELECT"):
            self.connection.executed(lambda cursor: _all(cursor.execute(sql, parameters)))
        return self

    def executemany(self, sql: str, parameters: Any, /) -> ReplayCursor:
        rows = list(parameters)
        self.connection.repeated(lambda: super(ReplayCursor, self).executemany(sql, rows))
        self.connection.executed(lambda cursor: cursor.executemany(sql, rows))
        return self


def _all(cursor: sqlite3.Cursor) -> None:
    """Have a statement done to its end, also one that returns rows."""
    cursor.fetchall()
