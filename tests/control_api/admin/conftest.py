"""A studio whose OBS is the demo, and the services over it; a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.admin.desk import Desk
from control_api.auth.access import Role
from control_api.clock import SystemClock
from control_api.database import Database
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.migrations.migrate import opened
from control_api.settings.memory import Memory
from control_api.settings.service import SettingsService
from control_api.settings.store import SettingStore
from control_api.studios.studio import Studio, Studios
from leitstand.clients.obs import Address, ObsLink
from leitstand.demo.obs import DemoObs

Serve = Callable[..., TestClient]


class HandClock(SystemClock):
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


@dataclass
class Room:
    """Everything over one OBS, as after a start of the service."""

    studio: Studio
    studios: Studios
    settings: SettingsService
    events: EventService
    clock: HandClock
    desk: Desk
    state: Path

    def set(self, **changes: Any) -> None:
        self.settings.change({f"studios.stage.{key}": it for key, it in changes.items()}, "test")

    def client(self, serve: Serve, role: Role = Role.OPERATOR) -> TestClient:
        given = {Studios: self.studios, SettingsService: self.settings, **self.desk.provided}
        return serve(given, role)

    def told(self, kind: str) -> list[str]:
        return [each.message for each in self.events.newest() if each.kind == kind]


@contextmanager
def opened_room(port: int, database: Database, state: Path) -> Iterator[Room]:
    clock = HandClock()
    events = EventService(EventStore(database), clock)
    address = Address("127.0.0.1", port, lambda: None)
    studio = Studio("stage", ObsLink(address), None, address)
    studios = Studios([studio])
    stored = SettingStore(database)
    settings = SettingsService(stored, events, clock, studios=studios.names)
    memory = Memory(stored, clock)
    desk = Desk(studios, settings, events, clock, memory=memory, state=state)
    try:
        yield Room(studio, studios, settings, events, clock, desk, state)
    finally:
        desk.close()
        studios.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: what is kept here is kept by the settings' store, which is tested on both."""
    with closing(opened(f"sqlite:///{tmp_path / 'leitstand.db'}")) as database:
        yield database


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=10, size=(64, 48)) as demo:
        yield demo


@pytest.fixture
def room(demo: DemoObs, database: Database, tmp_path: Path) -> Iterator[Room]:
    with opened_room(demo.port, database, tmp_path / "state") as room:
        yield room
