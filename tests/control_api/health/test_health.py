"""Health: words for everybody, reasons for who has a token, 503 only when it matters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from control_api.auth.access import Caller, Gate, Role
from control_api.clock import SystemClock
from control_api.database import Database
from control_api.errors import Unauthorized
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.health import checks
from control_api.health.fresh_database import FreshDatabase
from control_api.health.service import Check, Health, HealthService, Status
from control_api.recorder.faults import Fault as RecorderFault
from control_api.recorder.status import RecorderStatus, StorageStatus, StudioStatus
from control_api.recordings.reasons import Code
from control_api.recordings.recorder_client import RecorderClient
from control_api.studios.studio import Studio
from leitstand.clients.obs import Address, ObsLink
from leitstand.demo.obs import DemoObs, Fault
from tests.running import eventually

URL = "/api/health"


class TokenOnly(Gate):
    def caller(self, connection: Any) -> Caller:
        if connection.headers.get("authorization") != "Bearer good":
            raise Unauthorized("needs a token")
        return Caller("tester", Role.VIEWER)


@dataclass
class HandClock:
    at: float = 1_767_225_600.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@dataclass
class World:
    """Two studios' OBS and the database, well or not, as the test says."""

    clock: HandClock = field(default_factory=HandClock)
    bad: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)
    reason: str = "secret reason"
    looks: int = 0

    def look(self, name: str) -> Health:
        self.looks += 1
        return Health(name not in self.bad, self.reason if name in self.bad else "well")

    def service(self) -> HealthService:
        return HealthService(
            [
                Check("obs stage", lambda: self.look("stage"), studio="stage"),
                Check("obs hall", lambda: self.look("hall"), studio="hall"),
                Check("database", lambda: self.look("database"), vital=True),
                Check("library", lambda: self.look("library")),
            ],
            self.clock,
            due_soon=lambda studio: studio in self.due,
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World, serve: Callable[..., TestClient]) -> TestClient:
    return serve({Gate: TokenOnly(), HealthService: world.service()})


def with_token(client: TestClient) -> Any:
    return client.get(URL, headers={"Authorization": "Bearer good"})


def test_ping_needs_nothing(client: TestClient) -> None:
    assert client.get("/api/ping").json()["data"] == "pong"


def test_without_a_token_there_are_only_words(client: TestClient, world: World) -> None:
    world.bad = {"hall"}
    answer = client.get(URL)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "",
        "data": {
            "status": "degraded",
            "checks": {"obs": "failing", "database": "ok", "library": "ok"},
            "details": None,
        },
    }


def test_a_token_gets_reasons_and_since_when(client: TestClient, world: World) -> None:
    assert with_token(client).json()["data"]["status"] == "ok"
    world.bad = {"hall"}
    world.clock.at += 60
    world.reason = "at first another reason"
    with_token(client)
    world.reason = "secret reason"
    world.clock.at += 60
    stage, hall, *_ = with_token(client).json()["data"]["details"]
    assert hall == {
        "name": "obs hall",
        "status": "failing",
        "studio": "hall",
        "reason": "secret reason",
        "since": "2026-01-01T00:01:00Z",
    }
    assert (stage["status"], stage["since"]) == ("ok", "2026-01-01T00:00:00Z")


def test_it_is_down_while_a_recording_that_is_due_cannot_run(
    client: TestClient, world: World
) -> None:
    world.bad, world.due = {"hall"}, {"stage"}
    assert client.get(URL).status_code == 200
    world.due = {"hall"}
    answer = client.get(URL)
    assert answer.status_code == 503
    assert answer.json()["data"]["status"] == "down"
    assert answer.json()["detail"] == "recording is not possible: obs"
    assert with_token(client).json()["detail"].endswith("obs hall: secret reason")
    world.bad = set()
    world.clock.at += 1
    assert client.get(URL).status_code == 200


def test_without_the_database_it_is_down(client: TestClient, world: World) -> None:
    world.bad = {"database"}
    assert client.get(URL).status_code == 503


def test_it_looks_once_a_second_however_many_ask(client: TestClient, world: World) -> None:
    for _ in range(5):
        client.get(URL)
    assert world.looks == 4
    world.clock.at += 1
    client.get(URL)
    assert world.looks == 8


def test_a_check_that_hangs_or_breaks_is_a_bad_sign_and_holds_nobody_up() -> None:
    go = threading.Event()

    def hang() -> Health:
        go.wait(10)
        return Health(True, "well")

    def fail() -> Health:
        raise RuntimeError("with a password")

    clock = HandClock()
    service = HealthService([Check("hangs", hang), Check("breaks", fail)], clock, patience=0.1)
    began = time.monotonic()
    hangs, breaks = service.report().findings
    assert time.monotonic() - began < 2
    assert hangs.health == Health(False, "does not answer")
    assert not breaks.health.ok
    assert "password" not in breaks.health.reason
    go.set()
    clock.at += 1
    time.sleep(0.05)
    assert service.report().findings[0].health.ok


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    with DemoObs(tmp_path) as demo:
        yield demo


@pytest.fixture
def studio(demo: DemoObs) -> Iterator[Studio]:
    link = ObsLink(Address("127.0.0.1", demo.port, lambda: None), timeout=0.5)
    yield Studio("stage", link)
    link.close()


def test_obs_is_well_or_says_what_is_wrong(demo: DemoObs, studio: Studio) -> None:
    check = checks.obs(studio)
    assert check.look() == Health(True, "OBS 29.0.2 answers")
    demo.faults.add(Fault.HANG)
    hung = check.look()
    demo.faults.clear()
    assert not hung.ok
    assert "studio stage" in hung.reason


def test_without_our_eyes_on_the_folder_obs_is_asked(studio: Studio, demo: DemoObs) -> None:
    assert checks.recordings(studio, lambda: 1.0).look().ok
    assert not checks.recordings(studio, lambda: 1e18).look().ok


def test_a_folder_is_there_and_has_room(tmp_path: Path) -> None:
    assert checks.disk("disk", tmp_path, lambda: 1.0).look().ok
    full = checks.disk("disk", tmp_path, lambda: 1e18).look()
    assert not full.ok
    assert "at least" in full.reason
    assert not checks.disk("disk", tmp_path / "gone", lambda: 1.0).look().ok


def test_the_library_is_a_folder(tmp_path: Path) -> None:
    assert checks.library(tmp_path).look().ok
    assert not checks.library(tmp_path / "gone").look().ok


def test_the_database_takes_what_is_written_or_not(database: Database) -> None:
    check = checks.database(database.url.render_as_string(hide_password=False))
    assert check.look().ok
    with database.begin() as session:
        session.execute(text("SELECT 1"))
        # The writers' lock is held: by SQLite's file, or by PostgreSQL's advisory lock.
        health = check.look()
        # Others may hold it for a moment.
        assert health.ok
        health = eventually(lambda: None if (now := check.look()).ok else now)
    assert health is not None
    assert not health.ok
    assert "cannot be written" in health.reason
    assert check.look().ok


class KnownRecorder(RecorderClient):
    """One whose last status is given."""

    def __init__(self, *studios: StudioStatus) -> None:
        self._given = RecorderStatus("1", 1, "here", 0.0, list(studios), StorageStatus())

    @property
    def status(self) -> RecorderStatus:
        return self._given


def test_a_studio_that_cannot_record_is_not_well() -> None:
    other = RecorderFault(Code.OTHER_LEITSTAND, 1.0, {"host": "beta"})
    slow = RecorderFault(Code.SLOW, 1.0, {"seconds": 20})
    recorder = KnownRecorder(
        StudioStatus("stage", faults=[other, slow]), StudioStatus("hall", faults=[slow])
    )
    check = checks.studio(recorder, "stage")
    assert check.look() == Health(False, "another Leitstand, on beta, controls this studio")
    service = HealthService([check], HandClock(), due_soon=lambda studio: studio == "stage")
    assert service.report().status is Status.DOWN
    assert checks.studio(recorder, "hall").look().ok
    assert not checks.studio(recorder, "attic").look().ok


def test_a_new_database_beside_old_videos_is_down(
    database: Database,
) -> None:
    fresh = FreshDatabase(database, EventService(EventStore(database), SystemClock()))
    service = HealthService([checks.schedules(fresh)], clock := HandClock())
    assert service.report().status is Status.OK
    fresh.is_fresh = True
    clock.at += 1
    report = service.report()
    assert report.status is Status.DOWN
    assert "no evening will be recorded" in report.reasons[0]


def test_a_scheduler_that_stopped_or_got_stuck_is_noticed() -> None:
    assert checks.scheduler(lambda: True).look().ok
    assert not checks.scheduler(lambda: False).look().ok
    assert not checks.scheduler(lambda: True, lambda: 11.0).look().ok
