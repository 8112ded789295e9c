"""The database: migrated to what the tables say, readable beside a writer."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import alembic.command
import alembic.config
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from control_api import migrations
from control_api.auth.tables import TokenRow
from control_api.database import Base, Database
from control_api.database_away import DatabaseAway
from control_api.database_faults import ReadOnly, Replaced, sentence_of
from control_api.events.tables import EventRow
from control_api.migrations.migrate import opened
from control_api.recorder.tables import InstallationRow
from leitstand.config import ConfigError
from tests.disks import fill
from tests.postgresql import PostgreSql
from tests.small_disk import SmallDisk, small_disk

MIGRATIONS = Path(migrations.__file__).parent


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


def test_a_database_that_is_migrated_is_as_old_as_its_first_token(tmp_path: Path) -> None:
    """Else its own older videos would make it look like one that replaced another."""
    with contextlib.closing(opened(f"sqlite:///{tmp_path / 'old.db'}")) as database:
        _migrate(database, "downgrade", "0005")
        with database.begin() as session:
            for number, made_at in enumerate((2000.0, 1000.0)):
                token = {"name": "", "role": "admin", "created_by": "", "created_at": made_at}
                session.add(TokenRow(hash=str(number), **token))
        _migrate(database, "upgrade", "head")
        with database.reading() as session:
            assert session.get_one(InstallationRow, 1).created_at == 1000.0


def test_a_new_database_is_made_now(database: Database) -> None:
    with database.reading() as session:
        assert time.time() - session.get_one(InstallationRow, 1).created_at < 3600


def _migrate(database: Database, direction: str, revision: str) -> None:
    with database.engine.connect() as connection:
        settings = alembic.config.Config()
        settings.set_main_option("script_location", str(MIGRATIONS))
        settings.attributes["connection"] = connection
        getattr(alembic.command, direction)(settings, revision)


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


def test_a_file_of_this_version_is_opened_while_another_process_writes(
    migrated: Path, tmp_path: Path
) -> None:
    file = shutil.copy(migrated, tmp_path / "leitstand.db")
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opened(f"sqlite:///{file}").close()


def test_a_file_that_has_to_be_made_by_then_is_away(tmp_path: Path) -> None:
    file = tmp_path / "leitstand.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseAway, match="database is locked"):
            opened(f"sqlite:///{file}", busy_seconds=0.1)
    opened(f"sqlite:///{file}").close()


def test_a_full_disk_is_away_and_a_folder_that_is_none_is_wrong(small_disk: Path) -> None:
    filler = fill(small_disk)
    url = f"sqlite:///{small_disk / 'leitstand.db'}"
    with pytest.raises(DatabaseAway):
        opened(url, busy_seconds=0.1)
    with pytest.raises(ConfigError) as error:
        opened(f"sqlite:///{filler / 'leitstand.db'}")
    assert not isinstance(error.value, DatabaseAway)
    filler.unlink()
    opened(url).close()


@pytest.mark.parametrize(
    ("url", "is_away"),
    [
        ("postgresql+psycopg://u@127.0.0.1:9/none", True),
        ("sqlite:////proc/no/leitstand.db", False),
    ],
)
def test_what_may_work_later_is_told_from_what_is_wrong(url: str, is_away: bool) -> None:
    with pytest.raises(ConfigError) as error:
        opened(url)
    assert isinstance(error.value, DatabaseAway) is is_away


def test_a_user_that_postgresql_does_not_know_is_wrong(postgresql: PostgreSql) -> None:
    for url in (postgresql.url("none"), postgresql.url("postgres").replace("leitstand@", "no@")):
        with pytest.raises(ConfigError) as error:
            opened(url)
        assert not isinstance(error.value, DatabaseAway)


def test_readers_have_connections_though_all_writers_wait(database: Database) -> None:
    """More writers than one pool has connections."""
    release = threading.Event()

    def hold() -> None:
        with database.begin():
            release.wait(60)

    def write() -> None:
        with contextlib.suppress(SQLAlchemyError), database.begin():
            pass

    threads = [threading.Thread(target=each) for each in (hold, *[write] * 20)]
    for thread in threads:
        thread.start()
    with database.reading() as session:
        assert session.get(EventRow, 1) is None
    release.set()
    for thread in threads:
        thread.join(60)


@pytest.mark.parametrize("is_another_there", [False, True])
def test_nothing_is_written_to_a_file_that_was_deleted_or_replaced(
    tmp_path: Path, migrated: Path, is_another_there: bool
) -> None:
    """What an open connection takes would be lost, and a new one would make an empty file."""
    file = Path(shutil.copy(migrated, tmp_path / "house.db"))
    with contextlib.closing(opened(f"sqlite:///{file}")) as database:
        with database.begin() as session:
            session.add(event(1))
        aside = [each.rename(tmp_path / f"aside{each.name}") for each in tmp_path.glob("house.db*")]
        if is_another_there:
            shutil.copy(migrated, file)
        for _ in range(2):
            with pytest.raises(Replaced, match="house.db"), database.begin() as session:
                session.add(event(2))
            with pytest.raises(Replaced), database.reading() as session:
                session.get(EventRow, 1)
            # From now on of a pool that has no connection left.
            database.close()
            with pytest.raises(Replaced):
                database.engine.connect()
        assert file.exists() == is_another_there
        for each in aside:
            each.rename(tmp_path / each.name.removeprefix("aside"))
        with database.begin() as session:
            session.add(event(3))
        with database.reading() as session:
            assert session.scalars(select(EventRow.time)).all() == [1.0, 3.0]


@pytest.fixture(params=[True, False])
def read_only(
    request: pytest.FixtureRequest, tmp_path: Path, migrated: Path
) -> Iterator[tuple[Database, SmallDisk]]:
    """A database whose process was killed, opened on a disk that is read-only."""
    with small_disk(tmp_path) as disk:
        file = disk.path / "house.db"
        _crashed_copy(migrated, file)
        disk.remount("ro")
        url = f"sqlite:///{file}"
        with contextlib.closing(Database(url, may_use_reserve=request.param)) as database:
            with database.reading() as session:
                assert session.get(EventRow, 1) is not None
            yield database, disk


def test_a_disk_that_was_read_only_is_written_again(
    read_only: tuple[Database, SmallDisk], caplog: pytest.LogCaptureFixture
) -> None:
    database, disk = read_only
    for _ in range(2):
        with pytest.raises(ReadOnly, match="readonly") as error, database.begin() as session:
            session.add(event(2))
        assert "read-only" in sentence_of(error.value)
    disk.remount("rw")
    with database.begin() as session:
        session.add(event(3))
    with database.reading() as session:
        assert session.scalars(select(EventRow.time)).all() == [1.0, 3.0]
    said = [one.getMessage() for one in caplog.records if one.name == "control_api.database"]
    assert said == [sentence_of(error.value)]


def test_whoever_read_meanwhile_does_not_keep_it_read_only(
    read_only: tuple[Database, SmallDisk],
) -> None:
    database, disk = read_only
    with database.reading() as one, database.reading() as other:
        for session in (one, other):
            assert session.get(EventRow, 1) is not None
        disk.remount("rw")
        with pytest.raises(ReadOnly), database.begin() as session:
            session.add(event(2))
    with database.begin() as session:
        session.add(event(3))


def test_a_connection_opened_while_the_disk_was_read_only_is_opened_again(
    tmp_path: Path, migrated: Path
) -> None:
    """One that was opened before writes beside it, which keeps SQLite's shared memory writable."""
    with small_disk(tmp_path) as disk:
        file = Path(shutil.copy(migrated, disk.path / "house.db"))
        with (
            contextlib.closing(Database(f"sqlite:///{file}")) as before,
            contextlib.closing(Database(f"sqlite:///{file}")) as database,
        ):
            with before.begin() as session:
                session.add(event(1))
            with disk.read_only(), pytest.raises(ReadOnly), database.begin() as session:
                session.add(event(2))
            for number, each in enumerate((before, database), start=3):
                with each.begin() as session:
                    session.add(event(number))


def _crashed_copy(migrated: Path, file: Path) -> None:
    """A database as a process leaves it that was killed: with its log and its shared memory."""
    aside = Path(shutil.copy(migrated, file.parent.parent / "aside.db"))
    with contextlib.closing(Database(f"sqlite:///{aside}", may_use_reserve=False)) as database:
        with database.begin() as session:
            session.add(event(1))
        for each in aside.parent.glob("aside.db*"):
            shutil.copy(each, file.with_name(each.name.replace("aside.db", file.name)))


def test_a_file_whose_name_has_signs_of_a_url_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "a #b?c%20d" / "house.db"
    with contextlib.closing(Database(f"sqlite:///{quote(str(file))}")) as database:
        for _ in range(2):
            with database.begin() as session:
                session.connection().exec_driver_sql("CREATE TABLE IF NOT EXISTS t (a)")
            database.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a #b?c%20d"]
