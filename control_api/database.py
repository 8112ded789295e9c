"""The database: SQLite (WAL) or PostgreSQL by URL; one session a unit of work."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from control_api.database_faults import (
    DatabaseFault,
    Replaced,
    fault_of,
    is_disk_full,
    is_read_only,
)
from control_api.database_place import DatabasePlace
from control_api.reserve import Reserve
from control_api.sqlite_replay import ReplayConnection
from leitstand.config import ConfigError

logger = logging.getLogger(__name__)

BUSY_SECONDS = 10
_RESERVE_BYTES = 16 * 1024**2
_RESERVE_STEP = 1024**2
_CONNECT_SECONDS = 5
_READS = "leitstand_reads"
_OPENING = "leitstand_opening"
_IS_UNORDERED = "leitstand_unordered"
_FROZEN_SECONDS = 5
"""After which PostgreSQL undoes the unordered transaction of a client that does nothing more."""
WRITER_LOCK = 0x1E175
"""The number of the advisory lock that every writer takes on PostgreSQL; any number would do."""


class Base(DeclarativeBase):
    """The base of every table. Points in time are Unix seconds."""


class Database:
    """Sessions on one engine. Raises ConfigError if the database cannot be had.

    `reserve` is space beside SQLite's file, for when its disk is full.
    """

    def __init__(
        self, url: str, *, busy_seconds: float = BUSY_SECONDS, may_use_reserve: bool = True
    ) -> None:
        self.url = make_url(url)
        self.file = sqlite_file(self.url)
        self.reserve = _reserve(self.file) if self.file and may_use_reserve else None
        self._fault: type[DatabaseFault] | None = None
        self._opening = 0
        self._place = DatabasePlace(self.file) if self.file else None
        self.engine = _engine(self.url, self.file, self.reserve, busy_seconds)
        # A pool of their own: writers that wait for a lock would hold every connection.
        is_shared = self.url.get_backend_name() == "sqlite" and self.file is None
        self._reading = (
            self.engine if is_shared else _engine(self.url, self.file, self.reserve, busy_seconds)
        )
        for engine in {self.engine, self._reading}:
            event.listen(engine, "handle_error", self._named)
            if self._place is not None:
                event.listen(engine, "do_connect", self._place.before_connecting)
                event.listen(engine, "connect", self._place.connected)
                event.listen(engine, "connect", self._opened)
                event.listen(engine, "checkin", self._given_back)
        self._writers = sessionmaker(self.engine, expire_on_commit=False)
        unordered = self.engine.execution_options(**{_IS_UNORDERED: True})
        self._unordered_writers = sessionmaker(unordered, expire_on_commit=False)
        reading = self._reading.execution_options(**_reading(self._reading))
        self._readers = sessionmaker(reading, expire_on_commit=False)

    @contextlib.contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed at the end, undone by an exception."""
        self._check_place()
        with self._writers.begin() as session:
            yield session
        if self._fault is not None:
            self._fault = None
            logger.info("the database can be written again")

    @contextlib.contextmanager
    def begin_unordered(self) -> Iterator[Session]:
        """One transaction that on PostgreSQL does not wait for other writers.

        For tables in which the order of changes does not matter.
        """
        self._check_place()
        with self._unordered_writers.begin() as session:
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view, beside whoever writes; for queries only."""
        self._check_place()
        with self._readers.begin() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
        self._reading.dispose()

    def _check_place(self) -> None:
        """Raises Replaced if SQLite's file is not the one that was opened."""
        if self._place is None:
            return
        try:
            self._place.check()
        except Replaced as fault:
            self._note(fault)
            raise

    def _named(self, context: ExceptionContext) -> None:
        """Raise a fault of the surroundings as such, and log it when it begins."""
        if self.file is not None and is_read_only(context.original_exception):
            self._open_again(context)
        fault = fault_of(context.original_exception, self.file)
        if fault is None:
            return
        self._note(fault)
        raise fault from context.original_exception

    def _open_again(self, context: ExceptionContext) -> None:
        """Close every connection, so that the next use opens a new one.

        One that was opened on a read-only disk stays read-only when that can be written again. So
        does SQLite's shared memory, which all connections of the process use until the last one
        is closed.
        """
        context.is_disconnect = True
        execution = context.execution_context
        if execution is not None and execution.cursor is not None:
            # SQLite keeps a connection that was closed for as long as it has an open statement.
            execution.cursor.close()
        self._opening += 1
        # Those that are in use are closed when they are given back.
        self.close()

    def _opened(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_OPENING] = self._opening

    def _given_back(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        if record.info.get(_OPENING) != self._opening:
            record.invalidate()

    def _note(self, fault: DatabaseFault) -> None:
        """Log a fault when it begins."""
        if type(fault) is not self._fault:
            self._fault = type(fault)
            logger.error("%s", fault.sentence)


def sqlite_file(url: URL) -> Path | None:
    """SQLite's file; None for one in memory, and for PostgreSQL."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _reserve(file: Path) -> Reserve:
    return Reserve(file.with_name(f"{file.name}.reserve"), _RESERVE_BYTES, _RESERVE_STEP)


def _engine(url: URL, file: Path | None, reserve: Reserve | None, busy_seconds: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        return _postgresql(url, busy_seconds)
    if file is None:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        factory = {} if reserve is None else {"factory": _connecting(file, reserve)}
        usual = {"timeout": busy_seconds, "check_same_thread": False}
        engine = create_engine(url, connect_args=usual | factory, pool_timeout=busy_seconds)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _connecting(file: Path, reserve: Reserve) -> Callable[..., ReplayConnection]:
    def make_space(error: sqlite3.Error) -> bool:
        if not is_disk_full(error, file) or not reserve.release():
            return False
        # Another error is about the file that is shared in memory.
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            _enlarge(file.with_name(f"{file.name}-wal"), _RESERVE_STEP)
        return True

    def connect(*args: Any, **options: Any) -> ReplayConnection:
        return ReplayConnection(make_space, *args, **options)

    return connect


def _enlarge(log: Path, size: int) -> None:
    """Have the write-ahead log take space before another program does.

    SQLite passes over the zeros behind its last entry, and holds no lock on this file.
    """
    with contextlib.suppress(OSError):
        opened = os.open(log, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.posix_fallocate(opened, os.fstat(opened).st_size, size)
        finally:
            os.close(opened)


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_timeout=busy_seconds,
            connect_args={"connect_timeout": _CONNECT_SECONDS},
        )
    except ImportError:
        raise ConfigError(
            "control_api.database: PostgreSQL needs a package more: "
            "pip install leitstand[postgresql]"
        ) from None
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "begin", functools.partial(_begin_postgresql, busy_seconds))
    return engine


def _reading(engine: Engine) -> dict[str, Any]:
    """The options of connections that only read."""
    if engine.dialect.name == "sqlite":
        return {_READS: True}
    # As part of BEGIN, which takes no question more.
    return {_READS: True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _prepare(connection: Any, _: object) -> None:
    # Else sqlite3 begins transactions itself, and only before the first change.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Sorting in memory: reading needs no space on any disk.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # Who is going to write takes the lock at once: a transaction that began by reading could not
    # get it later while another writes, and would fail instead of waiting.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, _: object) -> None:
    # Pages are counted and searched from an index alone, which a planner that believes in turning
    # disks does not do: it reads the whole, much wider table.
    connection.execute("SET random_page_cost = 1.1")
    connection.commit()


def _begin_postgresql(busy_seconds: float, connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_READS):
        return
    wait = f"SET LOCAL lock_timeout = '{busy_seconds * 1000:.0f}ms'"
    if options.get(_IS_UNORDERED):
        # Else a process that is stopped here would keep its rows locked.
        frozen = f"SET LOCAL idle_in_transaction_session_timeout = '{_FROZEN_SECONDS}s'"
        connection.exec_driver_sql(f"{wait}; {frozen}")
        return
    # One writer at a time, as with SQLite: what is decided on what was read stays true, and ids
    # are seen in their order, which "everything after this id" relies on.
    connection.exec_driver_sql(f"{wait}; SELECT pg_advisory_xact_lock({WRITER_LOCK})")
