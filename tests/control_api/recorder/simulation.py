"""An evening in seconds: a clock, an OBS and a service that may crash, and what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from control_api.recorder.actuator import Actuator
from control_api.recorder.control_rights import Block
from control_api.recorder.observation import Observation, Refused, Unreachable
from control_api.recorder.plan import Plan, PlanData, PlannedSchedule, plan_of
from control_api.recorder.reconciler import Reconciler
from control_api.recorder.recording import Recording
from control_api.recorder.records import EventRecord, Records
from control_api.recorder.runs import Run
from control_api.recorder.studio_records import StudioRecords
from control_api.recorder.window_coverage import WindowCoverage
from control_api.recordings.reasons import Code, Reason
from control_api.schedules.windows import Schedule

STUDIO = "stage"
T = TypeVar("T")
_DISK_FULL = Reason(Code.DISK_FULL, {"free_mb": 0})


@dataclass
class VirtualClock:
    """`seconds` really pass; the wall clock may be `set` away from them."""

    seconds: float
    set: float = 0.0

    def now(self) -> float:
        return self.seconds + self.set

    def monotonic(self) -> float:
        return self.seconds


class MemoryStore:
    """A journal that survives a crash and never fails."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def put(self, key: str, value: Any) -> None:
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value

    def flush(self, timeout: float) -> bool:
        return True


@dataclass
class VirtualObs:
    """Starts and stops a moment after it was asked, as the real one; may be down.

    One that hangs goes on with what it does, and answers nothing. On a full disk a recording ends,
    and a start is accepted without effect.
    """

    clock: VirtualClock
    up: bool = True
    hangs: bool = False
    full: bool = False
    refuses: bool = False
    says_no: bool = False
    takes: int = 0
    starts: int = 0
    recorded: set[int] = field(default_factory=set)
    path: str | None = None
    began: float = 0.0
    pending: str | None = None
    waits: int = 0
    paused: bool = False
    pausing: bool | None = None
    stopping: bool = False
    ended_by: Reason | None = None

    def look(self) -> Observation:
        self._need()
        if self.path is None:
            obstacle = _DISK_FULL if self.full else None
            ended_by, self.ended_by = self.ended_by, None
            return Observation(
                active=False, obstacle=obstacle, stopped=self.stopping, ended_by=ended_by
            )
        duration = self.clock.monotonic() - self.began
        return Observation(
            True, self.paused, duration=duration, bytes=duration + 1, path=self.path, grew=True
        )

    def start(self) -> None:
        self._need()
        if self.path is not None or self.says_no:
            raise Refused("StartRecord refused with 500")
        if not (self.refuses or self.full) and self.pending is None:
            self.pending, self.waits = "start", self.takes

    def stop(self) -> None:
        self._need()
        self.pending = "stop"

    def pause(self, paused: bool) -> None:
        self._need()
        if self.path is None:
            raise Refused("PauseRecord refused with 501")
        self.pausing = paused

    def start_by_hand(self) -> None:
        if self.up and self.path is None:
            self.pending = "start"

    def stop_by_hand(self) -> None:
        if self.up and self.path is not None:
            self.pending, self.stopping = "stop", True

    def fill_for_a_moment(self) -> None:
        """What runs ends; whether there is space again is for `full` to say."""
        if self.path is not None:
            self.ended_by = _DISK_FULL
        self.path = self.pending = None

    def kill(self) -> None:
        self.up, self.path, self.pending = False, None, None

    def second(self) -> None:
        """One second passes."""
        if self.full:
            self.fill_for_a_moment()
        if self.paused:
            self.began += 1
        elif self.path is not None:
            self.recorded.add(int(self.clock.monotonic()))
        self.paused = self.path is not None and (
            self.paused if self.pausing is None else self.pausing
        )
        self.pausing = None
        if self.pending == "start" and self.waits > 0:
            self.waits -= 1
            return
        if self.pending == "start" and self.path is None:
            self.starts, self.stopping = self.starts + 1, False
            self.path, self.began = f"/rec/{self.starts}.mkv", self.clock.monotonic() + 1
        elif self.pending == "stop":
            self.path = None
        self.pending = None

    def _need(self) -> None:
        if not self.up:
            raise Unreachable("is not there")
        if self.hangs:
            raise Unreachable("does not answer")


class Evening:
    """The whole, second by second."""

    def __init__(self, begin: float, schedules: Sequence[Schedule]) -> None:
        self.clock = VirtualClock(begin)
        self.obs = VirtualObs(self.clock)
        self.schedules = schedules
        self.store = MemoryStore()
        self.plan: Plan | None = None
        self.service: Reconciler | None = None
        self.blocked: Block | None = None
        self.left: dict[str, str] = {}
        """The hosts of Leitstands that have ended, by the path of what they began."""
        self.change(schedules)
        self.boot()

    def boot(self) -> None:
        """A recorder starts with what an earlier one left."""
        self.obs.ended_by = None
        records = Records(self.store, dict(self.store.values), self.clock.now)
        studio = StudioRecords(STUDIO, records, self.clock)
        actuator = Actuator(
            STUDIO,
            self.obs,
            studio,
            remembered=studio.remembered,
            report=studio.report,
            clock=self.clock,
        )
        coverage = WindowCoverage(
            studio.runs,
            save=studio.save_run,
            forget=studio.forget_run,
            report=studio.report_missing,
            wanted_from=lambda number: self.plan.wanted_from(number) if self.plan else 0.0,
            begins_from=lambda number: self.plan.begins_from(number) if self.plan else 0.0,
        )
        self.service = Reconciler(
            STUDIO,
            actuator,
            coverage,
            studio,
            rights=self,
            plan=lambda: self.plan,
            override=studio.override,
            extensions=studio.extensions,
            looked_at=studio.looked_at,
            clock=self.clock,
        )

    def block(self, *, connected: bool) -> Block | None:
        """Why the recorder must leave the studio alone."""
        return self.blocked

    def left_by(self, path: str | None) -> str | None:
        """Which host's Leitstand began the recording of `path` and has ended."""
        return self.left.get(path or "")

    def change(self, schedules: Sequence[Schedule], changed_at: float = 0.0) -> None:
        """The schedules are these from now on, and have been since `changed_at`."""
        planned = tuple(planned_of(each, changed_at) for each in schedules)
        self.plan = plan_of(PlanData(planned))

    def crash(self) -> None:
        self.service = None

    def play(self, until: float, at: Callable[[int], None] = lambda now: None) -> None:
        """Every second: what happens `at` it, a look, and time passes."""
        while self.clock.seconds < until:
            at(int(self.clock.seconds))
            if self.service is not None:
                self.service.look()
            self.obs.second()
            self.clock.seconds += 1

    @property
    def recordings(self) -> list[Recording]:
        """Everything that was recorded, oldest first."""
        return self._sent("recording", Recording)

    @property
    def events(self) -> list[EventRecord]:
        """Everything that was reported, oldest first."""
        return self._sent("eventrecord", EventRecord)

    @property
    def kinds(self) -> list[str]:
        return [str(event.kind) for event in self.events]

    @property
    def runs(self) -> list[Run]:
        """Every account of a window, by start."""
        return sorted(self._sent("run", Run), key=lambda run: run.start)

    def run(self, number: int) -> Run:
        """The only run of a schedule."""
        (found,) = [run for run in self.runs if run.schedule_id == number]
        return found

    def _sent(self, kind: str, of: type[T]) -> list[T]:
        prefix = f"out/{kind}/"
        found = [value for key, value in self.store.values.items() if key.startswith(prefix)]
        return [msgspec.convert(value, of) for value in found]


def planned_of(schedule: Schedule, changed_at: float = 0.0) -> PlannedSchedule:
    return PlannedSchedule(
        number=schedule.id,
        title=schedule.title,
        studio=schedule.studio,
        weekdays=tuple(schedule.weekdays),
        start=schedule.start,
        end=schedule.end,
        timezone=schedule.zone.key,
        skip=tuple(day.isoformat() for day in schedule.skip),
        add=tuple(day.isoformat() for day in schedule.add),
        enabled=schedule.enabled,
        changed_at=changed_at,
    )
