"""The daily shutdown, with two processes on one database: one of them does it, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from control_api.database import Database
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.machine.service import ShutdownService, Wishes
from control_api.settings.memory import Memory
from control_api.settings.store import SettingStore
from tests.control_api.machine.test_shutdown import HandClock


@dataclass
class Two:
    """Two processes; `leader` says which one holds the lease, and `dead` which one is no more."""

    folder: Path
    database: Database
    clock: HandClock = field(default_factory=HandClock)
    leader: str = "one"
    dead: str = ""
    busy: str | None = None

    def __post_init__(self) -> None:
        self.clock.at -= 1
        self.services = {name: self.service(name) for name in ("one", "two")}
        self.tick(0)

    def service(self, name: str) -> ShutdownService:
        clock = self.clock
        wishes = Wishes(
            lambda: self.busy, lambda: 60.0, lambda: "22:00", lambda: self.leader == name
        )
        events = EventService(EventStore(self.database), clock)
        memory = Memory(SettingStore(self.database), clock)
        command = ["touch", str(self.folder / name)]
        zone = ZoneInfo("Europe/Berlin")
        return ShutdownService(command, events, clock, zone, wishes, memory=memory)

    def tick(self, seconds: int) -> None:
        for _ in range(seconds or 1):
            self.clock.at += bool(seconds)
            for name, service in self.services.items():
                if name != self.dead:
                    service.tick()

    @property
    def off(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def two(tmp_path: Path, database: Database) -> Two:
    folder = tmp_path / "off"
    folder.mkdir()
    return Two(folder, database)


def test_only_the_leader_does_it(two: Two) -> None:
    two.tick(600)
    assert two.off == ["one"]
    two.tick(86_400 - 600)
    (two.folder / "one").unlink()
    two.leader = "two"
    two.tick(600)
    assert two.off == ["two"]


def test_what_the_leader_has_done_is_not_repeated_by_the_next(two: Two) -> None:
    two.tick(62)
    assert two.off == ["one"]
    two.dead, two.leader = "one", "two"
    two.tick(600)
    assert two.off == ["one"]


def test_the_next_one_does_it_if_the_leader_dies_before(two: Two) -> None:
    two.tick(30)
    assert two.services["one"].plan is not None
    two.dead, two.leader = "one", ""
    two.tick(30)
    two.leader = "two"
    two.tick(61)
    assert two.off == ["two"]


def test_who_lost_the_lease_drops_its_plan(two: Two) -> None:
    two.tick(30)
    # Stopped for a while, it comes back.
    two.dead, two.leader = "one", "two"
    two.tick(30)
    two.dead = ""
    two.tick(120)
    assert two.off == ["two"]
    assert two.services["one"].plan is None


def test_a_plan_by_hand_is_its_own_process_matter(two: Two) -> None:
    two.services["two"].ask("anna", delay=0)
    two.tick(1)
    assert two.off == ["two"]


def test_a_process_that_takes_over_much_later_does_nothing(two: Two) -> None:
    two.dead, two.leader = "one", ""
    two.tick(400)
    two.leader = "two"
    two.tick(600)
    assert two.off == []
