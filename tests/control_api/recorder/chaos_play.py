"""Plays a random evening, and keeps a log of what was wrong and what was wanted, by the second."""

from __future__ import annotations

from collections.abc import Mapping

from control_api.recorder.desired_state import WindowKey
from control_api.recorder.plan import PlanData, PlannedSchedule, merged, plan_of
from control_api.recorder.reconciler import Reconciler
from control_api.schedules.windows import Schedule
from tests.control_api.recorder.chaos_evening import EDITS, SECONDS, Act, Drawn, changed
from tests.control_api.recorder.chaos_evidence import (
    Evidence,
    Operators,
    Second,
    active_windows,
)
from tests.control_api.recorder.simulation import Evening, planned_of


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

    def run(self) -> Evidence:
        """The whole evening; what there is to judge of it."""
        self.evening.play(self.drawn.begin + SECONDS, self._at)
        recorded = self.evening.obs.recorded
        # A file that began and ended while the recorder saw nothing is unknown to it.
        seen = frozenset(second.seen for second in self.log if second.seen is not None)
        edits = [each for each in self.drawn.faults if each.kind in EDITS]
        return Evidence(
            self.drawn.begin,
            self.log,
            [self.drawn.begin + at in recorded for at in range(len(self.log))],
            [(each.schedule, at) for each in edits for at in (each.at, each.at + each.seconds)],
            [str(row.obs_path) for row in self.evening.recordings],
            seen,
            seen,
            self.evening.events,
            self.evening.runs,
        )

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
        return active_windows(self._schedules(at), self._operators.extended, wall)

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
