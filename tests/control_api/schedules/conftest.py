"""The schedules of two studios, at a time that stands still, behind the real app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from control_api.database import Database
from control_api.schedules.runs import RunStore
from control_api.schedules.service import ScheduleService
from control_api.schedules.store import ScheduleStore

BERLIN = ZoneInfo("Europe/Berlin")


def unix(shown: str) -> float:
    """Of a local time in Berlin."""
    return datetime.fromisoformat(shown).replace(tzinfo=BERLIN).timestamp()


@dataclass
class HandClock:
    """Stands still unless it is moved. A Friday noon."""

    at: float = field(default_factory=lambda: unix("2026-11-20T12:00"))

    def now(self) -> float:
        return self.at

    @property
    def day(self) -> str:
        return datetime.fromtimestamp(self.at, BERLIN).date().isoformat()

    def monotonic(self) -> float:
        return self.at


@dataclass
class Changes:
    """Counts how often it was called."""

    count: int = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def changes() -> Changes:
    return Changes()


Make = Callable[..., ScheduleService]


@pytest.fixture
def make(database: Database, clock: HandClock, changes: Changes) -> Make:
    """`make("stage", "hall")` -> the service over these studios."""

    def service(*studios: str) -> ScheduleService:
        store, runs = ScheduleStore(database), RunStore(database)
        return ScheduleService(store, studios, BERLIN, clock, changes, runs=runs)

    return service


@pytest.fixture
def service(make: Make) -> ScheduleService:
    return make("stage", "hall")


@pytest.fixture
def client(serve: Callable[..., TestClient], service: ScheduleService) -> TestClient:
    return serve({ScheduleService: service})


def body(**others: Any) -> dict[str, Any]:
    """Fridays and Saturdays, 19:50 to 22:10, in `stage`."""
    plain = {
        "title": "Evening",
        "studio": "stage",
        "weekdays": ["fri", "sat"],
        "start": "19:50",
        "end": "22:10",
    }
    return {key: value for key, value in {**plain, **others}.items() if value is not ...}
