"""An evening in seconds: a clock, an OBS and a service that may crash, and what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from control_api.database import Database
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.recordings.accounts import Accounts
from control_api.recordings.books import Books
from control_api.recordings.driver import Driver, Verdict
from control_api.recordings.reconciler import Reconciler
from control_api.recordings.recorder import Refused, Seen, Unreachable
from control_api.recordings.store import RecordingStore
from control_api.schedules.runs import RunStore
from control_api.schedules.windows import Calendar, Schedule

STUDIO = "stage"


@dataclass
class VirtualClock:
    seconds: float

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class VirtualObs:
    """Starts and stops a moment after it was asked, as the real one; may be down."""

    clock: VirtualClock
    up: bool = True
    refuses: bool = False
    says_no: bool = False
    takes: int = 0
    starts: int = 0
    recorded: set[int] = field(default_factory=set)
    path: str | None = None
    began: float = 0.0
    pending: str | None = None
    waits: int = 0

    def look(self) -> Seen:
        self._need()
        if self.path is None:
            return Seen(active=False)
        duration = self.clock.now() - self.began
        return Seen(True, duration=duration, bytes=duration + 1, path=self.path, grew=True)

    def start(self) -> None:
        self._need()
        if self.path is not None or self.says_no:
            raise Refused("StartRecord refused with 500")
        if not self.refuses and self.pending is None:
            self.pending, self.waits = "start", self.takes

    def stop(self) -> None:
        self._need()
        self.pending = "stop"

    def start_by_hand(self) -> None:
        if self.up and self.path is None:
            self.pending = "start"

    def stop_by_hand(self) -> None:
        if self.up and self.path is not None:
            self.pending = "stop"

    def kill(self) -> None:
        self.up, self.path, self.pending = False, None, None

    def second(self) -> None:
        """One second passes."""
        if self.path is not None:
            self.recorded.add(int(self.clock.now()))
        if self.pending == "start" and self.waits > 0:
            self.waits -= 1
            return
        if self.pending == "start" and self.path is None:
            self.starts += 1
            self.path, self.began = f"/rec/{self.starts}.mkv", self.clock.now() + 1
        elif self.pending == "stop":
            self.path = None
        self.pending = None

    def _need(self) -> None:
        if not self.up:
            raise Unreachable("is not there")


class Evening:
    """The whole, second by second."""

    def __init__(self, begin: float, schedules: Sequence[Schedule], database: Database) -> None:
        self.clock = VirtualClock(begin)
        self.obs = VirtualObs(self.clock)
        self.schedules = schedules
        self.store = RecordingStore(database)
        self.runs = RunStore(database)
        self.calendar = Calendar(schedules)
        self.events = EventService(EventStore(database), self.clock)
        self.service: Reconciler | None = None
        self.boot()

    def boot(self) -> None:
        tell = self.events.tell
        driver = Driver(
            STUDIO, self.obs, self.store, lambda row: Verdict(True), tell=tell, clock=self.clock
        )
        books = Books(STUDIO, self.store, Accounts(STUDIO, self.runs, tell))
        self.service = Reconciler(
            STUDIO, driver, books, self.store, lambda: self.calendar, clock=self.clock
        )

    def change(self, schedules: Sequence[Schedule]) -> None:
        self.calendar = Calendar(schedules)

    def crash(self) -> None:
        self.service = None

    def play(self, until: float, at: Callable[[int], None]) -> None:
        """Every second: what happens `at` it, a look, and time passes."""
        while self.clock.now() < until:
            at(int(self.clock.now()))
            if self.service is not None:
                self.service.look()
            self.obs.second()
            self.clock.seconds += 1
