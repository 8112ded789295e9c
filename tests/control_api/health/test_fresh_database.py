"""A database made new beside old sidecars: noticed, reported once, over when schedules exist."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from control_api.clock import SystemClock
from control_api.database import Database
from control_api.events.service import EventService, Kind
from control_api.events.store import EventStore
from control_api.health.fresh_database import FreshDatabase
from control_api.library import portrait
from control_api.library.folders import Folder
from control_api.library.portrait import Place
from control_api.library.sidecar import Sidecar
from control_api.schedules.tables import RunRow, ScheduleRow

_YEAR = 365 * 86_400.0


@pytest.fixture
def events(database: Database) -> EventService:
    return EventService(EventStore(database), SystemClock())


@pytest.fixture
def fresh(database: Database, events: EventService) -> FreshDatabase:
    return FreshDatabase(database, events)


def reported(events: EventService) -> int:
    return len(events.newest(kind=Kind.DATABASE_FRESH))


def keep(database: Database, *rows: Any) -> None:
    with database.begin() as session:
        session.add_all(rows)


def indexed(folder: Path, sidecar: Sidecar | None) -> Any:
    """The row of a video as the scanner makes it, with what its sidecar says."""
    place = Place(Folder("stage", folder, "stage"), "evening.mkv", (1, 1))
    row = portrait.new("0123456789abcdef", place, time.time())
    if sidecar is not None:
        portrait.remember(row, sidecar)
    return portrait.is_indexed(row)


def schedule() -> ScheduleRow:
    fields: dict[str, Any] = dict.fromkeys(("title", "studio", "start", "end", "timezone"), "")
    fields |= dict.fromkeys(("weekdays", "skip", "add"), [])
    return ScheduleRow(**fields, enabled=False, created_at=1.0, updated_at=1.0)


def run() -> RunRow:
    return RunRow(
        schedule_id=7,
        studio="stage",
        title="",
        start=1.0,
        end=2.0,
        outcome="recorded",
        recorded_seconds=1.0,
        gaps=[],
        accounted_until=2.0,
    )


def test_an_older_sidecar_and_no_schedule_is_reported_once(
    database: Database, events: EventService, fresh: FreshDatabase, tmp_path: Path
) -> None:
    assert fresh.is_fresh is None
    keep(database, indexed(tmp_path, Sidecar(version=1, created_at=time.time() - _YEAR)))
    fresh.look()
    assert fresh.is_fresh is True
    assert reported(events) == 0, "the recorder may be putting the schedules back"
    for _ in range(3):
        fresh.look()
    FreshDatabase(database, events).look()
    assert reported(events) == 1


@pytest.mark.parametrize("scheduled", [schedule, run])
def test_it_is_over_when_something_is_or_was_scheduled(
    database: Database, fresh: FreshDatabase, tmp_path: Path, scheduled: Any
) -> None:
    keep(database, indexed(tmp_path, Sidecar(version=1, created_at=time.time() - _YEAR)))
    fresh.look()
    keep(database, scheduled())
    fresh.look()
    assert fresh.is_fresh is False


@pytest.mark.parametrize(
    "sidecar", [None, Sidecar(version=1), Sidecar(version=1, created_at=time.time() + _YEAR)]
)
def test_a_new_installation_with_old_files_is_not_meant(
    database: Database, fresh: FreshDatabase, tmp_path: Path, sidecar: Sidecar | None
) -> None:
    keep(database, indexed(tmp_path, sidecar))
    fresh.look()
    assert fresh.is_fresh is False


def test_without_a_database_what_was_known_stays(
    database: Database, fresh: FreshDatabase, events: EventService, tmp_path: Path
) -> None:
    keep(database, indexed(tmp_path, Sidecar(version=1, created_at=time.time() - _YEAR)))
    fresh.look()

    with database.begin() as session:
        session.connection().exec_driver_sql("DROP TABLE installation")
    fresh.look()
    assert fresh.is_fresh is True
