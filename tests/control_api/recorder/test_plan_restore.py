"""A database that was lost, or is an older copy, gets its schedules back from the plan."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select

from control_api.database import Database
from control_api.events.kinds import Kind
from control_api.events.store import EventStore
from control_api.metrics.recorder import is_database_fresh
from control_api.recorder.database_link import DatabaseLink
from control_api.recorder.database_sync import DatabaseSync
from control_api.recorder.plan import PlanData
from control_api.recorder.records import Records
from control_api.recorder.status import RecorderStatus, StorageStatus, storage_faults
from control_api.recorder.tables import InstallationRow
from control_api.recordings.reasons import Code
from control_api.revisions import RevisionCountRow, count_up
from control_api.schedules.store import REVISION
from control_api.schedules.tables import ScheduleRow

TABLES = ScheduleRow, RevisionCountRow


class Journal(dict[str, Any]):
    def put(self, key: str, value: Any) -> None:
        self[key] = value
        if value is None:
            del self[key]

    def flush(self, timeout: float) -> bool:
        return True


class Recorder:
    """What it knows of the plan; each `run` is a process of its own over the same journal."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.journal = Journal()
        self.taken: list[PlanData] = []
        self.storage = StorageStatus()

    @contextlib.contextmanager
    def run(self) -> Iterator[DatabaseSync]:
        link = DatabaseLink(self.database.url.render_as_string(hide_password=False))
        records = Records(self.journal, dict(self.journal))
        sync = DatabaseSync(link, records, take=self.taken.append, recorded=lambda recording: None)
        sync.start()
        assert sync.refresh(20)
        yield sync
        assert sync.refresh(20)
        self.storage = StorageStatus(replacement=sync.replacement)
        sync.stop()
        link.close()

    def look(self) -> None:
        with self.run():
            pass

    @property
    def titles(self) -> dict[int, str]:
        """Of the plan, by number."""
        return {each.number: each.title for each in self.taken[-1].schedules}

    @property
    def told(self) -> list[Any]:
        return list(EventStore(self.database).newest(9, kind=Kind.DATABASE_FRESH))

    @property
    def faults(self) -> list[Code]:
        return [fault.code for fault in storage_faults(self.storage)]


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(database)


def save(database: Database, number: int, title: str, **others: Any) -> None:
    """As the API does."""
    with database.begin() as session:
        row = session.get(ScheduleRow, number)
        if row is None:
            row = ScheduleRow(id=number, studio="stage", created_at=time.time())
            session.add(row)
        fields = {"weekdays": [], "start": "20:00", "end": "22:00", "timezone": "Europe/Berlin"}
        fields |= {"skip": [], "add": ["2030-01-01"], "enabled": True, "title": title}
        for name, value in (fields | {"updated_at": time.time()} | others).items():
            setattr(row, name, value)
        count_up(session, REVISION)


def remove(database: Database, number: int) -> None:
    with database.begin() as session:
        session.execute(delete(ScheduleRow).where(ScheduleRow.id == number))
        count_up(session, REVISION)


def copied(database: Database) -> Callable[[], None]:
    """A copy of what counts; to be called to put it back."""
    with database.reading() as session:
        rows = [
            (kind, {column.key: getattr(row, column.key) for column in kind.__table__.columns})
            for kind in TABLES
            for row in session.scalars(select(kind))
        ]

    def put_back() -> None:
        with database.begin() as session:
            for kind in TABLES:
                session.execute(delete(kind))
            session.add_all([kind(**values) for kind, values in rows])

    return put_back


def titles(database: Database) -> dict[int, str]:
    with database.reading() as session:
        return {row.id: row.title for row in session.scalars(select(ScheduleRow))}


def make_another(database: Database, made_at: float) -> None:
    with database.begin() as session:
        for kind in TABLES:
            session.execute(delete(kind))
        row = session.get_one(InstallationRow, 1)
        row.uid, row.created_at = "another", made_at


@pytest.mark.parametrize("while_running", [False, True])
def test_an_older_copy_gets_back_what_was_made_since(
    recorder: Recorder, database: Database, while_running: bool
) -> None:
    save(database, 1, "Old")
    recorder.look()
    put_back = copied(database)
    save(database, 2, "New")
    with recorder.run() as sync:
        if while_running:
            put_back()
            assert sync.refresh(20)
    if not while_running:
        put_back()
        recorder.look()
    assert recorder.titles == titles(database) == {1: "Old", 2: "New"}
    assert all(len(plan.schedules) == 2 for plan in recorder.taken[1:])
    (event,) = recorder.told
    assert "an older copy; 1 schedules were put back" in event.message
    assert recorder.faults == [Code.DATABASE_REPLACED]
    status = RecorderStatus("", 1, "", 0.0, [], recorder.storage)
    assert is_database_fresh(False, status) is True
    recorder.look()
    assert len(recorder.told) == 1
    assert recorder.faults == [Code.DATABASE_REPLACED]
    save(database, 3, "Seen to")
    recorder.look()
    assert recorder.faults == []


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_changes_to_an_older_copy_do_not_hide_that_it_is_one(
    recorder: Recorder, database: Database, changes: int
) -> None:
    """The API may be started first: the numbers of revisions then come to those of the plan."""
    save(database, 1, "Old")
    recorder.look()
    put_back = copied(database)
    save(database, 2, "New")
    save(database, 3, "Newer")
    recorder.look()
    put_back()
    for change in range(changes):
        save(database, 2, f"Another {change}", start="10:00", end="11:00")
    recorder.look()
    assert sorted(titles(database).values()) == [
        "Another " + str(changes - 1),
        "New",
        "Newer",
        "Old",
    ]
    assert recorder.titles == titles(database)
    assert recorder.titles[2].startswith("Another"), "what people see under a number stays"


def test_of_two_versions_the_newer_one_counts(recorder: Recorder, database: Database) -> None:
    save(database, 1, "A")
    save(database, 2, "B")
    save(database, 3, "Deleted since")
    recorder.look()
    put_back = copied(database)
    save(database, 1, "A moved", end="23:00")
    save(database, 2, "B renamed")
    remove(database, 3)
    recorder.look()
    put_back()
    save(database, 2, "B of the copy")
    recorder.look()
    expected = {1: "A moved", 2: "B of the copy", 3: "Deleted since"}
    assert recorder.titles == titles(database) == expected
    (event,) = recorder.told
    assert "1 schedules were put back" in event.message
    assert "1 that it does not have were left" in event.message


def test_a_copy_that_lacks_no_schedule_is_told_and_no_fault(
    recorder: Recorder, database: Database
) -> None:
    save(database, 1, "Old")
    put_back = copied(database)
    recorder.look()
    put_back()
    recorder.look()
    assert len(recorder.told) == 1
    assert recorder.faults == []


def test_a_plan_of_an_earlier_version_recognises_an_older_copy(
    recorder: Recorder, database: Database
) -> None:
    save(database, 1, "Old")
    put_back = copied(database)
    save(database, 2, "New")
    recorder.look()
    plan = recorder.journal["plan"]
    for each in (plan, *plan["schedules"]):
        for name in ("signed", "replacement", "created_at", "saved_at"):
            each.pop(name, None)
    put_back()
    recorder.look()
    assert recorder.titles == titles(database) == {1: "Old", 2: "New"}


@pytest.mark.parametrize("is_made_again", [False, True])
def test_a_new_database_gets_its_schedules_back_though_somebody_was_faster(
    recorder: Recorder, database: Database, is_made_again: bool
) -> None:
    save(database, 1, "Old")
    recorder.look()
    make_another(database, time.time())
    save(database, 1, "Old" if is_made_again else "By hand")
    recorder.look()
    expected = {1: "Old"} if is_made_again else {1: "By hand", 2: "Old"}
    assert recorder.titles == titles(database) == expected
    assert len(recorder.told) == 1


def test_a_database_with_schedules_of_its_own_is_taken_as_it_is(
    recorder: Recorder, database: Database
) -> None:
    save(database, 1, "Old")
    recorder.look()
    make_another(database, 1000.0)
    save(database, 1, "Of that house")
    recorder.look()
    assert recorder.titles == titles(database) == {1: "Of that house"}
    assert recorder.faults == []
