"""The outbox: what is newer replaces what waits, and nothing is lost before it was taken."""

from __future__ import annotations

from typing import Any

import pytest

from control_api.database import Database
from control_api.events.kinds import Kind
from control_api.events.store import EventStore
from control_api.recorder.database_rows import write
from control_api.recorder.desired_state import Override
from control_api.recorder.recording import Origin, Recording, State
from control_api.recorder.records import (
    AuditRecord,
    EventRecord,
    Looked,
    Records,
    merge_repetitions,
)
from control_api.recorder.runs import Run
from control_api.recordings.store import RecordingStore
from tests.control_api.recorder.simulation import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def records(store: MemoryStore) -> Records:
    return Records(store, dict(store.values), lambda: 1000.0)


def recording(**values: Any) -> Recording:
    usual = {"uid": "a" * 32, "studio": "stage", "origin": Origin.SCHEDULE}
    return Recording(**usual, state=State.RECORDING, started_at=1.0, seen_at=1.0, **values)  # type: ignore[arg-type]


def test_a_newer_one_replaces_the_one_that_waits(store: MemoryStore) -> None:
    kept = records(store)
    kept.send(Looked("stage", 1.0), "stage")
    kept.send(Looked("stage", 2.0), "stage")
    (entry,) = kept.pending(10)
    assert entry.item == Looked("stage", 2.0)
    assert [each.item for each in records(store).pending(10)] == [entry.item]


def test_what_was_replaced_while_it_was_written_still_waits(store: MemoryStore) -> None:
    kept = records(store)
    kept.send(Looked("stage", 1.0), "stage")
    taken = kept.pending(10)
    kept.send(Looked("stage", 2.0), "stage")
    kept.acknowledge(taken)
    assert [entry.item for entry in kept.pending(10)] == [Looked("stage", 2.0)]
    kept.acknowledge(kept.pending(10))
    assert kept.waiting == 0
    assert not [key for key in store.values if key.startswith("out/")]


def test_what_was_sent_does_not_change_with_what_it_was_made_of(store: MemoryStore) -> None:
    kept, row = records(store), recording()
    kept.send(row, row.uid)
    row.title = "changed since"
    (entry,) = kept.pending(10)
    assert isinstance(entry.item, Recording)
    assert entry.item.title == ""


def test_what_cannot_be_read_does_not_keep_it_from_starting(store: MemoryStore) -> None:
    records(store).send(Looked("stage", 1.0), "stage")
    store.values |= {
        "studio/stage/override": {"want": "start", "since": 1.0, "until": None, "by": "x"},
        "studio/stage/run/1": "?",
        "out/Looked/hall": {"studio": 5},
    }
    kept = records(store)
    assert kept.recall("studio/stage/override", Override) is None
    assert kept.recall_below("studio/stage/run/", Run) == []
    assert [each.item for each in kept.pending(10)] == [Looked("stage", 1.0)]


def test_repetitions_of_a_fault_are_merged_and_counted(store: MemoryStore) -> None:
    kept = records(store)
    for _ in range(5):
        kept.report(Kind.OBS_LOST, "stage", "OBS is away", code="obs_away")
    kept.report(Kind.OBS_LOST, "foyer", "OBS is away", code="obs_away")
    kept.report(Kind.RECORDING_STARTED, "stage", "recording", uid="b")
    kept.report(Kind.RECORDING_STARTED, "stage", "recording", uid="c")
    kept.send(recording(), "a" * 32)
    store.values = merge_repetitions(store.values)
    events = [e.item for e in records(store).pending(100) if isinstance(e.item, EventRecord)]
    counts = [(event.kind, event.studio, event.count) for event in events]
    assert counts == [
        (Kind.OBS_LOST, "stage", 5),
        (Kind.OBS_LOST, "foyer", 1),
        (Kind.RECORDING_STARTED, "stage", 1),
        (Kind.RECORDING_STARTED, "stage", 1),
    ]
    assert len(records(store).pending(100)) == 5


def test_the_same_entry_written_twice_is_there_once(database: Database) -> None:
    row = recording(title="The evening", file="/rec/a.mkv")
    event = EventRecord(
        "e" * 32, 5.0, Kind.RECORDING_STARTED, "stage", "recording", {"uid": row.uid}
    )
    audit = AuditRecord("f" * 32, 5.0, "anna", "operator", "127.0.0.1", "POST /x", 200, {})
    for _ in range(2):
        with database.begin() as session:
            for item in (row, event, audit, Looked("stage", 5.0)):
                write(session, item)
    (stored,) = RecordingStore(database).newest(10)
    assert (stored.uid, stored.title, stored.evening) == (row.uid, "The evening", None)
    (told,) = EventStore(database).newest(10)
    assert told.data["recording_id"] == stored.id


def test_an_examined_file_is_not_undone_by_what_is_sent_late(database: Database) -> None:
    row = recording(file="/rec/a.mkv")
    with database.begin() as session:
        write(session, row)
    with database.begin() as session:
        stored = RecordingStore(database).newest(1)[0]
        stored.state = "finished"
        session.merge(stored)
    row.state = State.CHECKING
    with database.begin() as session:
        write(session, row)
    assert RecordingStore(database).newest(1)[0].state == "finished"
