"""Entries that the database does not take: they go to the recorder, and are written once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError

from control_api.audit.queue import AuditQueue
from control_api.audit.store import AuditStore
from control_api.database import Database
from control_api.recorder import database_rows
from control_api.recorder.protocol import Audit
from control_api.recorder.records import AuditRecord
from tests.running import eventually

HANG_SECONDS = 60


def entry(uid: str) -> Audit:
    return Audit(uid, 1.0, "hall", "operator", "192.0.2.7", "POST /api/x", 200, {"n": 1})


class TroubledStore(AuditStore):
    """`trouble` is empty, "refuses" or "hangs"."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.trouble = ""
        self.released = threading.Event()

    def add(self, entry: Audit) -> None:
        if self.trouble == "hangs":
            self.released.wait(HANG_SECONDS)
        if self.trouble == "refuses":
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        super().add(entry)


@dataclass
class Journal:
    """The recorder's side: takes entries while it is there."""

    is_there: bool = True
    taken: list[Audit] = field(default_factory=list)

    def keep(self, entry: Audit) -> bool:
        if self.is_there:
            self.taken.append(entry)
        return self.is_there


@dataclass
class Bench:
    store: TroubledStore
    journal: Journal
    queue: AuditQueue

    @property
    def written(self) -> list[str]:
        return sorted(row.uid or "" for row in self.store.newest(100, None, None))


@pytest.fixture
def bench(database: Database) -> Iterator[Bench]:
    store, journal = TroubledStore(database), Journal()
    made = Bench(store, journal, AuditQueue(store, journal.keep))
    yield made
    store.trouble = ""
    store.released.set()
    made.queue.stop(10)


def test_the_database_alone_while_it_works(bench: Bench) -> None:
    for number in range(5):
        bench.queue.put(entry(str(number))).result(HANG_SECONDS)
    assert bench.written == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("trouble", ["refuses", "hangs"])
def test_the_recorder_takes_what_the_database_does_not(bench: Bench, trouble: str) -> None:
    bench.store.trouble = trouble
    for number in range(3):
        bench.queue.put(entry(str(number))).result(HANG_SECONDS)
    assert [each.uid for each in bench.journal.taken] == ["0", "1", "2"]
    assert bench.written == []


def test_an_entry_that_comes_both_ways_is_written_once(bench: Bench, database: Database) -> None:
    bench.store.trouble = "hangs"
    bench.queue.put(entry("a")).result(HANG_SECONDS)
    with database.begin() as session:
        (taken,) = bench.journal.taken
        record = AuditRecord(taken.uid, 1.0, "hall", "", "", "POST /api/x", 200, {})
        database_rows.write(session, record)
        database_rows.write(session, record)
    bench.store.trouble = ""
    bench.store.released.set()
    # What comes after it was written after it.
    bench.queue.put(entry("b")).result(HANG_SECONDS)
    eventually(lambda: bench.written == ["a", "b"])


def test_without_both_it_waits_and_is_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.store.trouble, bench.journal.is_there = "refuses", False
    kept = bench.queue.put(entry("a"))
    eventually(lambda: "hall from 192.0.2.7: POST /api/x -> 200" in caplog.text)
    assert not kept.done()
    bench.store.trouble = ""
    kept.result(HANG_SECONDS)
    assert bench.written == ["a"]


def test_who_gives_up_waiting_changes_nothing(bench: Bench) -> None:
    bench.store.trouble = "hangs"
    assert not bench.queue.put(entry("a")).cancel()
    eventually(lambda: [each.uid for each in bench.journal.taken] == ["a"])


def test_what_still_waits_at_the_end_is_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.store.trouble, bench.journal.is_there = "refuses", False
    kept = bench.queue.put(entry("a"))
    bench.queue.stop(0.1)
    assert kept.done()
    assert "not in the audit log (the service ends): hall" in caplog.text
