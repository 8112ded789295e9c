"""Plays a random evening, and keeps a log of what was wrong and what was wanted, by the second."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from control_api.recorder.desired_state import WindowKey
from control_api.recorder.plan import PlanData, PlannedSchedule, merged, plan_of
from control_api.recorder.reconciler import Reconciler
from control_api.schedules.windows import Schedule
from tests.control_api.recorder.chaos_evening import SECONDS, Act, Drawn, changed
from tests.control_api.recorder.simulation import Evening, planned_of
from tests.control_api.recorder.wall_windows import bounds, fires


@dataclass(frozen=True, slots=True)
class Second:
    """One second of an evening: what was so when the recorder looked, if it did."""

    wall: int
    runs: bool
    faults: frozenset[str]
    windows: Mapping[WindowKey, int]
    """The windows of this moment, with their ends."""
    stopped: frozenset[WindowKey]
    by_hand: bool
    act: str | None
    path: str | None
    """What OBS records."""

    @property
    def wanted(self) -> bool:
        """A stop ends what runs, also where it is taken back in the same second."""
        asked = self.by_hand or bool(self.windows.keys() - self.stopped)
        return asked and self.act != "stop"

    @property
    def sees(self) -> bool:
        """Whether the recorder sees what OBS does."""
        return self.runs and not self.is_away

    @property
    def seen(self) -> str | None:
        """The file that the recorder sees being recorded."""
        return self.path if self.sees else None

    @property
    def is_away(self) -> bool:
        return bool(self.faults & {"obs killed", "obs hangs"})


class Operators:
    """What operators want, as they were told that it was accepted."""

    def __init__(self) -> None:
        self.start_until: int | None = None
        self.stop_until = 0
        self.stopped: frozenset[WindowKey] = frozenset()
        self.extended: dict[WindowKey, int] = {}

    def expire(self, wall: int, windows: Mapping[WindowKey, int]) -> None:
        """Forget what is over."""
        if self.start_until is not None and wall >= self.start_until:
            self.start_until = None
        if wall >= self.stop_until and not self.stopped & windows.keys():
            self.stopped = frozenset()
        self.extended = {key: until for key, until in self.extended.items() if until > wall}

    def start(self, until: int) -> None:
        self.start_until, self.stopped = until, frozenset()

    def stop(self, windows: Mapping[WindowKey, int]) -> None:
        self.start_until, self.stopped = None, frozenset(windows)
        self.stop_until = max(windows.values(), default=0)

    def extend(self, until: int, windows: Mapping[WindowKey, int]) -> None:
        """The start by hand, or else the windows that run last."""
        if self.start_until is not None:
            self.start_until = until
            return
        last = max(windows.values())
        self.extended |= {key: until for key, end in windows.items() if end == last}

    def follow_schedule(self) -> None:
        self.start_until, self.stopped, self.extended = None, frozenset(), {}


class Play:
    """An evening with its faults and acts. `log` has one entry a second."""

    def __init__(self, drawn: Drawn) -> None:
        self.drawn = drawn
        self.evening = Evening(drawn.begin, drawn.schedules)
        self.log: list[Second] = []
        self._operators = Operators()
        self._frozen: Reconciler | None = None
        self._saved: tuple[PlannedSchedule, ...] = self._planned({}, 0)
        self._edit(0)
        self._read_plan()

    def run(self) -> None:
        self.evening.play(self.drawn.begin + SECONDS, self._at)

    def _at(self, now: int) -> None:
        at = now - self.drawn.begin
        faults = frozenset(each.kind for each in self.drawn.faults if each.holds(at))
        self._spoil(faults, at)
        self._edit(at)
        self._supervise(faults)
        wall, runs = int(self.evening.clock.now()), self.evening.service is not None
        windows = self._windows(at, wall)
        if runs:
            self._read_plan()
            self._operators.expire(wall, windows)
            windows = self._windows(at, wall)
        path = self.evening.obs.path
        act = self._act(at, wall, windows)
        if act is not None:
            windows = self._windows(at, wall)
        by_hand = self._operators.start_until is not None
        stopped = self._operators.stopped
        self.log.append(Second(wall, runs, faults, windows, stopped, by_hand, act, path))

    def _spoil(self, faults: frozenset[str], at: int) -> None:
        obs = self.evening.obs
        if "obs killed" in faults:
            obs.kill()
        obs.up = "obs killed" not in faults
        obs.hangs, obs.refuses = "obs hangs" in faults, "obs refuses" in faults
        obs.full = "disk full" in faults
        moved = [f.amount for f in self.drawn.faults if f.kind == "clock" and f.holds(at)]
        self.evening.clock.set = moved[-1] if moved else 0

    def _supervise(self, faults: frozenset[str]) -> None:
        evening = self.evening
        if "recorder killed" in faults:
            evening.service = self._frozen = None
        elif "recorder stopped" in faults:
            self._frozen, evening.service = self._frozen or evening.service, None
        elif evening.service is None:
            evening.service, self._frozen = self._frozen, None
            if evening.service is None:
                self._read_plan()
                evening.boot()

    def _edit(self, at: int) -> None:
        """Schedules are saved as the API does it, with the time of the last change of each."""
        known = {each.number: each for each in self._saved}
        self._saved = self._planned(known, at)

    def _planned(
        self, known: Mapping[int, PlannedSchedule], at: int
    ) -> tuple[PlannedSchedule, ...]:
        wall = self.evening.clock.now() if at else 0.0
        found = []
        for schedule in self._schedules(at):
            planned = planned_of(schedule, wall)
            old = known.get(schedule.id)
            same = old is not None and planned_of(schedule, old.changed_at) == old
            found.append(old if same and old is not None else planned)
        return tuple(found)

    def _read_plan(self) -> None:
        """As the recorder takes the schedules from the database."""
        old = self.evening.plan.data if self.evening.plan else None
        if old is None or old.schedules != self._saved:
            self.evening.plan = plan_of(PlanData(merged(old, self._saved)))

    def _schedules(self, at: int) -> list[Schedule]:
        each = (changed(schedule, self.drawn.faults, at) for schedule in self.drawn.schedules)
        return [schedule for schedule in each if schedule is not None]

    def _windows(self, at: int, wall: int) -> dict[WindowKey, int]:
        """Those that contain a moment, by the wall clock alone."""
        found: dict[WindowKey, int] = {}
        for schedule in self._schedules(at):
            today = datetime.fromtimestamp(wall, schedule.zone).date()
            for day in (today - timedelta(1), today, today + timedelta(1)):
                first, last = _bounds(schedule, day) if schedule.enabled else (0, 0)
                key = (schedule.id, day.isoformat())
                last = max(last, self._operators.extended.get(key, 0))
                if first and first <= wall < last:
                    found[key] = last
        return found

    def _act(self, at: int, wall: int, windows: Mapping[WindowKey, int]) -> str | None:
        for act in self.drawn.acts:
            if act.at == at and self._do(act, wall, windows):
                return act.kind
        return None

    def _do(self, act: Act, wall: int, windows: Mapping[WindowKey, int]) -> bool:
        """False where the API would refuse it, or the recorder does not answer."""
        service, operators = self.evening.service, self._operators
        if service is None:
            return False
        wanted = operators.start_until is not None or bool(windows.keys() - operators.stopped)
        if act.kind == "start" and operators.start_until is None:
            operators.start(wall + act.seconds)
            service.start("anna", act.seconds, "")
        elif act.kind == "stop" and (wanted or self.evening.obs.path is not None):
            operators.stop(windows)
            service.end("anna")
        elif act.kind == "extend" and wanted:
            until = max([operators.start_until or 0, *windows.values()]) + act.seconds
            operators.extend(until, windows)
            service.extend(until, "anna")
        elif act.kind == "schedule":
            operators.follow_schedule()
            service.follow_schedule()
        else:
            return False
        return True


@functools.cache
def _bounds(schedule: Schedule, day: date) -> tuple[int, int]:
    return bounds(schedule, day) if fires(schedule, day) else (0, 0)
