"""The database: migrated to what the tables say, readable beside a writer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from control_api.database import Base, Database, opened
from control_api.events.tables import EventRow
from leitstand.config import ConfigError


def event(number: int) -> EventRow:
    return EventRow(time=float(number), kind="shutdown", studio=None, message="", data={})


def test_the_migrations_lead_to_what_the_tables_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'leitstand.db'}"
    first = opened(url)
    with first.begin() as session:
        session.add(event(1))
    first.close()
    again = opened(url)
    with again.reading() as session:
        assert session.get(EventRow, 1) is not None
    again.close()


def test_an_exception_undoes_the_transaction(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            session.add(event(1))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert session.get(EventRow, 1) is None


def test_readers_do_not_wait_for_a_writer_and_writers_wait_for_each_other(tmp_path: Path) -> None:
    database = opened(f"sqlite:///{tmp_path / 'leitstand.db'}")
    written = threading.Event()

    def write() -> None:
        with database.begin() as session:
            session.add(event(2))
        written.set()

    with database.begin() as session:
        session.add(event(1))
        session.flush()
        other = threading.Thread(target=write)
        other.start()
        with database.reading() as view:
            assert view.get(EventRow, 1) is None
        assert not written.wait(0.1)
    other.join(10)
    with database.reading() as view:
        assert view.get(EventRow, 2) is not None
    database.close()


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/no/leitstand.db", "postgresql+psycopg://u:hunter2@127.0.0.1:9/none"]
)
def test_a_database_that_cannot_be_had_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        opened(url)
    assert "control_api.database" in str(error.value)
    assert "hunter2" not in str(error.value)
