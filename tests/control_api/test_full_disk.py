"""A file system without a free byte: the database is written all the same, or says why not."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from control_api.database import Database
from control_api.database_faults import DiskFull, Locked, sentence_of
from control_api.events.tables import EventRow
from control_api.migrations.migrate import opened
from control_api.reserve import Reserve
from tests.postgresql import PostgreSql
from tests.small_disk import SmallDisk, small_disk

KINDS = ("tmpfs", "ext4")


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, request.param) as disk:
        yield disk


@pytest.fixture
def full(disk: SmallDisk) -> Iterator[Database]:
    """A database with its reserve on a disk that is full."""
    with contextlib.closing(opened(f"sqlite:///{disk.path / 'leitstand.db'}")) as database:
        reserve(database).restore()
        disk.fill()
        assert disk.free == 0
        yield database


def reserve(database: Database) -> Reserve:
    assert database.reserve is not None
    return database.reserve


def event(number: int, message: str = "") -> EventRow:
    return EventRow(time=float(number), kind="shutdown", studio=None, message=message, data={})


def add(database: Database, *rows: EventRow) -> None:
    with database.begin() as session:
        session.add_all(rows)


def times(database: Database) -> list[float]:
    with database.reading() as view:
        return list(view.scalars(select(EventRow.time).order_by(EventRow.id)))


def test_a_full_disk_is_written_to_as_long_as_the_reserve_lasts(
    full: Database, disk: SmallDisk
) -> None:
    for number in range(500):
        add(full, event(number, "x" * 1000))
        if number % 50 == 0:
            disk.fill()
    assert times(full) == [float(number) for number in range(500)]


def test_what_a_transaction_did_before_the_disk_was_full_is_done_again(
    full: Database, disk: SmallDisk
) -> None:
    with full.begin() as session:
        first = event(1)
        session.add(first)
        session.flush()
        session.add_all([event(number, "x" * 4000) for number in range(2, 1500)])
        session.flush()
        first.message = "changed"
        session.delete(session.scalars(select(EventRow).where(EventRow.time == 2.0)).one())
    assert times(full) == [1.0, *map(float, range(3, 1500))]
    with full.reading() as view:
        assert view.get_one(EventRow, first.id).message == "changed"
    assert sqlite3.connect(str(full.file)).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_without_a_reserve_the_disk_is_named(
    full: Database, disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    while reserve(full).release():
        disk.fill()
    with caplog.at_level(logging.INFO, "control_api.database"):
        for _ in range(3):
            with pytest.raises(DiskFull) as error:
                add(full, *(event(number, "x" * 4000) for number in range(2000)))
        assert sentence_of(error.value) == (
            "disk full: 0 bytes free on the file system of the database"
        )
        disk.make_room()
        add(full, event(1))
    said = [one.getMessage() for one in caplog.records if one.name == "control_api.database"]
    assert said == [sentence_of(error.value), "the database can be written again"]
    assert times(full) == [1.0]
    assert not isinstance(error.value.orig, DBAPIError)


def test_the_reserve_is_taken_back_only_where_twice_as_much_is_free(
    full: Database, disk: SmallDisk
) -> None:
    add(full, event(1))
    size = reserve(full).path.stat().st_size
    assert size == 15 * 1024**2
    reserve(full).restore()
    assert reserve(full).path.stat().st_size == size
    disk.make_room()
    reserve(full).restore()
    found = reserve(full).path.stat()
    assert found.st_size == 16 * 1024**2 <= found.st_blocks * 512


def test_a_database_on_a_full_disk_can_be_opened(disk: SmallDisk) -> None:
    url = f"sqlite:///{disk.path / 'leitstand.db'}"
    with contextlib.closing(opened(url)) as database:
        reserve(database).restore()
    disk.fill()
    with contextlib.closing(opened(url)) as database:
        assert times(database) == []
        add(database, event(1))
    with contextlib.closing(opened(url)) as database:
        assert times(database) == [1.0]


def test_nothing_is_repeated_over_what_another_process_wrote(
    full: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = reserve(full).release

    def release_while_another_writes() -> bool:
        done = bool(released())
        with contextlib.closing(sqlite3.connect(str(full.file))) as other:
            other.execute("INSERT INTO events VALUES (1, 7.0, 'shutdown', NULL, '', '{}', NULL)")
            other.commit()
        return done

    monkeypatch.setattr(reserve(full), "release", release_while_another_writes)
    with pytest.raises(DiskFull):
        add(full, event(1, "x" * 100_000))
    assert times(full) == [7.0]


def test_a_locked_database_says_so(database: Database) -> None:
    url = database.url.render_as_string(False)
    with contextlib.closing(Database(url, busy_seconds=1)) as impatient:
        with database.begin() as session:
            session.add(event(1))
            session.flush()
            with pytest.raises(Locked) as error:
                add(impatient, event(2))
        assert sentence_of(error.value) == "the database is locked by another process; try again"
        add(impatient, event(3))
    assert times(database) == [1.0, 3.0]


def test_postgresql_on_a_full_disk_says_so(postgresql: PostgreSql) -> None:
    folder = Path(tempfile.mkdtemp(prefix="leitstand-pg-full-"))
    folder.chmod(0o755)
    try:
        with small_disk(folder, mib=48) as disk:
            url = postgresql.make(tablespace=disk.path)
            with contextlib.closing(opened(url)) as database:
                disk.fill()
                with pytest.raises(DiskFull) as error:
                    add(database, *(event(number, "x" * 4000) for number in range(20_000)))
            postgresql.drop(url, tablespace=disk.path)
    finally:
        shutil.rmtree(folder)
    said = "disk full: PostgreSQL has no space left for the database"
    assert sentence_of(error.value) == said


def test_what_is_known_of_a_fault_is_the_answer(serve: Callable[..., TestClient]) -> None:
    full = DiskFull("disk full: 0 bytes free", sqlite3.OperationalError("full"))

    def read() -> None:
        raise full

    client = serve({})
    app = cast(FastAPI, client.app)
    app.add_api_route("/broken", read)
    answer = client.get("/broken")
    assert (answer.status_code, answer.json()) == (503, {"detail": "disk full: 0 bytes free"})
