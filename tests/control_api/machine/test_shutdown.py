"""Turning the machine off: never by accident, never while it is needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.database import Database
from control_api.errors import Conflict
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.machine.command import run
from control_api.machine.service import Phase, ShutdownService, Wishes
from tests.running import eventually

URL = "/api/admin/shutdown"
EVENING = datetime.fromisoformat("2026-11-20T22:00:00+01:00").timestamp()


@dataclass
class HandClock:
    at: float = EVENING
    shift: float = 0.0

    def now(self) -> float:
        return self.at + self.shift

    def monotonic(self) -> float:
        return self.at - EVENING


@dataclass
class House:
    """A machine whose command writes down that it was run."""

    file: Path
    events: EventService
    clock: HandClock
    busy: str | None = None
    daily: str | None = None
    command: list[str] = field(default_factory=list)

    def service(self) -> ShutdownService:
        wishes = Wishes(lambda: self.busy, lambda: 60.0, lambda: self.daily)
        zone = ZoneInfo("Europe/Berlin")
        return ShutdownService(self.command, self.events, self.clock, zone, wishes)

    def told(self) -> list[str]:
        return [event.message for event in reversed(self.events.newest())]

    @property
    def is_off(self) -> bool:
        return self.file.exists()


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    clock = HandClock()
    file = tmp_path / "off; touch pwned"
    house = House(file, EventService(EventStore(database), clock), clock)
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch(); print('bye')"
    house.command = [sys.executable, "-c", script, str(file)]
    return house


def pass_by(house: House, service: ShutdownService, seconds: int) -> None:
    for _ in range(seconds):
        house.clock.at += 1
        service.tick()


def test_it_is_announced_and_happens_after_the_grace(house: House) -> None:
    service = house.service()
    service.ask("anna")
    pass_by(house, service, 59)
    assert not house.is_off
    pass_by(house, service, 1)
    assert house.is_off
    assert house.told() == [
        "this machine shuts down at 22:01:00, asked for by anna",
        "this machine shuts down now",
        "the shutdown command was run: it ended with 0: bye",
    ]
    assert service.plan is None


def test_it_happens_once(house: House) -> None:
    service = house.service()
    service.ask("anna", delay=0)
    service.tick()
    house.file.unlink()
    pass_by(house, service, 200)
    assert not house.is_off


def test_who_cancels_it_stops_it(house: House) -> None:
    service = house.service()
    service.ask("anna", delay=10)
    service.cancel("bert")
    pass_by(house, service, 100)
    assert not house.is_off
    assert house.told()[-1] == "shutdown cancelled by bert"
    with pytest.raises(Conflict, match="no shutdown is planned"):
        service.cancel("bert")


def test_only_one_is_planned(house: House) -> None:
    service = house.service()
    service.ask("anna")
    with pytest.raises(Conflict, match="asked for by anna"):
        service.ask("bert")


def test_it_is_refused_while_busy(house: House) -> None:
    house.busy = "stage is recording"
    service = house.service()
    with pytest.raises(Conflict, match="not now: stage is recording"):
        service.ask("anna")
    pass_by(house, service, 100)
    assert not house.is_off


def test_what_begins_during_the_countdown_puts_it_off(house: House) -> None:
    service = house.service()
    service.ask("anna")
    pass_by(house, service, 30)
    house.busy = "stage is recording"
    pass_by(house, service, 1_000)
    assert not house.is_off
    assert service.plan is not None
    assert (service.plan.phase, service.plan.waits_for) == (Phase.WAITING, "stage is recording")
    house.busy = None
    # Announced anew, and the whole grace again.
    pass_by(house, service, 60)
    assert not house.is_off
    pass_by(house, service, 1)
    assert house.is_off
    assert house.told()[1:3] == [
        "shutdown waits: stage is recording",
        "this machine shuts down at 22:18:11, asked for by anna",
    ]


def test_what_waits_can_be_cancelled(house: House) -> None:
    service = house.service()
    service.ask("anna")
    house.busy = "an export runs"
    pass_by(house, service, 61)
    service.cancel("bert")
    house.busy = None
    pass_by(house, service, 100)
    assert not house.is_off


def test_every_day_at_its_time_even_if_it_has_to_wait(house: House) -> None:
    house.daily = "22:00"
    house.clock.at -= 1
    service = house.service()
    service.tick()
    house.busy = "stage is recording"
    pass_by(house, service, 100)
    assert not house.is_off
    house.busy = None
    pass_by(house, service, 61)
    assert house.is_off
    assert "asked for by the daily time" in house.told()[0]


def test_a_clock_that_jumps_does_not_shorten_the_grace(house: House) -> None:
    service = house.service()
    service.ask("anna")
    house.clock.shift = 3_600
    pass_by(house, service, 59)
    assert not house.is_off


def test_without_a_command_it_is_off(house: House) -> None:
    house.command = []
    house.daily = "22:00"
    house.clock.at -= 1
    service = house.service()
    with pytest.raises(Conflict, match="control_api.shutdown_command"):
        service.ask("anna")
    service.tick()
    pass_by(house, service, 100)
    assert house.told() == [
        "shutdown is wanted by the settings, but no shutdown_command is configured"
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/no/such/program"], "it could not be started (No such file or directory)"),
        ([sys.executable, "-c", "import sys; sys.exit('no right')"], "it ended with 1: no right"),
    ],
)
def test_a_command_that_fails_is_told_and_may_be_tried_again(
    house: House, command: list[str], said: str
) -> None:
    house.command = command
    service = house.service()
    service.ask("anna", delay=0)
    service.tick()
    assert house.told()[-1] == f"the shutdown command failed: {said}"
    service.ask("anna", delay=0)


def test_a_command_that_hangs_is_given_up() -> None:
    result = run([sys.executable, "-c", "import time; time.sleep(60)"], patience=0.3)
    assert not result.ok
    assert "did not end" in result.said


def test_while_it_runs_it_is_too_late(house: House, tmp_path: Path) -> None:
    go = tmp_path / "go"
    wait = (
        "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
    )
    house.command = [sys.executable, "-c", wait, str(go)]
    service = house.service()
    service.ask("anna", delay=0)
    ticking = threading.Thread(target=service.tick)
    ticking.start()
    eventually(lambda: service.plan is not None and service.plan.phase is Phase.RUNNING)
    with pytest.raises(Conflict, match="too late"):
        service.cancel("bert")
    # The timer goes on meanwhile.
    service.tick()
    go.touch()
    ticking.join(10)
    assert len(house.told()) == 3


@pytest.fixture
def client(house: House, serve: Callable[..., TestClient]) -> TestClient:
    return serve({ShutdownService: house.service()})


NOTHING: dict[str, Any] = {
    "allowed": True,
    "state": "none",
    "at": None,
    "who": None,
    "waits_for": None,
    "daily": None,
    "last": None,
}


def test_by_http_it_is_planned_shown_and_cancelled(client: TestClient) -> None:
    assert client.get(URL).json()["data"] == NOTHING
    planned = {"state": "planned", "at": "2026-11-20T22:05:00+01:00", "who": "tester"}
    answer = client.post(URL, json={"delay": "5m"})
    assert (answer.status_code, answer.json()["data"]) == (202, NOTHING | planned)
    assert client.get(URL).json()["data"] == NOTHING | planned
    assert client.post(URL).status_code == 409
    assert client.delete(URL).json()["data"] == NOTHING
    assert client.delete(URL).status_code == 409


def test_the_body_may_be_left_out(client: TestClient) -> None:
    assert client.post(URL).json()["data"]["at"] == "2026-11-20T22:01:00+01:00"


@pytest.mark.parametrize("delay", [-1, 86_401, "soon", "nan", [], True, "1d1s"])
def test_a_wrong_delay_is_named(client: TestClient, delay: object) -> None:
    answer = client.post(URL, json={"delay": delay})
    assert answer.status_code == 422
    assert "delay" in answer.json()["detail"]
    assert client.get(URL).json()["data"]["state"] == "none"


def test_only_admins_may(house: House, serve: Callable[..., TestClient]) -> None:
    client = serve({ShutdownService: house.service()}, Role.OPERATOR)
    assert {client.request(verb, URL).status_code for verb in ("GET", "POST", "DELETE")} == {403}
