"""PostgreSQL as the database: what SQLite promises, it promises too."""

from __future__ import annotations

import contextlib
import sys
import threading

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from control_api.database import Database
from control_api.events.tables import EventRow
from control_api.migrations.migrate import opened
from leitstand.config import ConfigError
from tests.postgresql import PostgreSql


def event(number: int) -> EventRow:
    return EventRow(time=float(number), kind="shutdown", studio=None, message="", data={})


def times(database: Database) -> list[float]:
    with database.reading() as view:
        return list(view.scalars(select(EventRow.time).order_by(EventRow.id)))


def test_a_test_begins_with_empty_tables(database: Database) -> None:
    assert times(database) == []


def test_the_url_of_the_configuration_is_enough(postgresql: PostgreSql) -> None:
    with contextlib.closing(opened(postgresql.url("postgres"))) as database:
        assert database.engine.driver == "psycopg"


def test_readers_do_not_wait_and_writers_wait_for_each_other(database: Database) -> None:
    written = threading.Event()

    def write() -> None:
        with database.begin() as session:
            session.add(event(2))
        written.set()

    other = threading.Thread(target=write)
    with database.begin() as session:
        session.add(event(1))
        session.flush()
        other.start()
        assert times(database) == []
        assert not written.wait(0.1)
    other.join(10)
    # In the order of their ids: nobody who asks for what came after an id misses one.
    assert times(database) == [1, 2]


def test_one_view_stays_the_same_while_another_writes(database: Database) -> None:
    with database.reading() as view:
        assert view.get(EventRow, 1) is None
        with database.begin() as session:
            session.add(event(1))
        assert view.scalars(select(EventRow)).all() == []
    assert times(database) == [1]


def test_who_only_reads_cannot_write(postgresql: PostgreSql) -> None:
    url = postgresql.make()
    with contextlib.closing(opened(url)) as database:

        def write() -> None:
            with database.reading() as view:
                view.add(event(1))

        with pytest.raises(DBAPIError, match="read-only"):
            write()
    postgresql.drop(url)


def test_a_missing_driver_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install leitstand\[postgresql\]"):
        opened("postgresql://user@127.0.0.1/leitstand")
