"""Moves what a studio does towards what it should do, one look at a time.

Nothing here waits for a file or a database: what is to be kept is handed to the records, which
keep it when they can. So a look takes as long as OBS takes to answer, and never fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from control_api.clock import Clock
from control_api.recorder.actuator import Actuator, Remembered
from control_api.recorder.control_rights import Block
from control_api.recorder.desired_state import (
    UNKNOWN,
    Desired,
    Override,
    Want,
    desired_state,
    is_over,
    key_of,
    stop,
)
from control_api.recorder.late_windows import LateWindows
from control_api.recorder.observation import Observation, Progress
from control_api.recorder.plan import Extension, Plan
from control_api.recorder.recording import IN_OBS, Origin, Recording
from control_api.recorder.runs import Run
from control_api.recorder.status import StudioStatus
from control_api.recorder.uptime import Uptime, healthy
from control_api.recorder.window_coverage import WATCHED_SECONDS, Look, WindowCoverage
from control_api.recordings.reasons import Code, Reason
from control_api.schedules.windows import Window

_NO_DATA = (Progress.MUXER_DEAD, Progress.SLOW, Progress.HUNG)


class ReconcilerStore(Protocol):
    """Where what operators want is kept. None of its methods waits or raises."""

    def save_override(self, override: Override | None) -> None:
        """Keep what an operator wants now; None: nothing but the schedule."""

    def save_extensions(self, extensions: list[Extension]) -> None:
        """Keep the later ends of windows."""

    def save_look(self, at: float) -> None:
        """Keep when the studio was last looked at (Unix seconds)."""


class Rights(Protocol):
    """Whether this recorder may control the studio."""

    def block(self, *, connected: bool) -> Block | None:
        """Why not, if it may not; asked at every look."""

    def left_by(self, path: str | None) -> str | None:
        """The host of a Leitstand that controlled it before and began the recording of `path`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a look is: Unix seconds, monotonic seconds, and the seconds since the last look."""

    now: float
    monotonic: float
    elapsed: float | None


class Reconciler:
    """One studio. Its methods may be called from any thread; each is one step.

    `plan` gives the plan of the moment, None as long as none was read. `looked_at` is when an
    earlier process last looked (Unix seconds).
    """

    def __init__(
        self,
        studio: str,
        actuator: Actuator,
        coverage: WindowCoverage,
        store: ReconcilerStore,
        *,
        rights: Rights,
        plan: Callable[[], Plan | None],
        override: Override | None,
        extensions: list[Extension],
        looked_at: float | None,
        clock: Clock,
    ) -> None:
        self.lock = threading.RLock()
        self.status = StudioStatus(studio)
        self.block: Block | None = None
        """Why this recorder must leave the studio alone, if it must."""
        self._studio = studio
        self._actuator = actuator
        self._coverage = coverage
        self._store = store
        self._rights = rights
        self._plan = plan
        self._override = override
        self._extensions = extensions
        self._looked_at = looked_at
        self._looked_monotonic: float | None = None
        self._late = LateWindows(studio)
        self._uptime = Uptime()
        self._clock = clock

    def look(self) -> StudioStatus:
        """One step: look, compare, act, account."""
        with self.lock:
            moment = self._moment()
            now, elapsed = moment.now, moment.elapsed
            late = self._late.learned(self._plan(), self._extensions, now, self._looked_at)
            windows = self._windows(now, elapsed, late)
            desired = self._desired(now, [w for w in windows if w.start <= now < w.end])
            seen = self._actuator.look()
            self._take_block(self._rights.block(connected=seen is not None))
            if seen is not None and self.block is None and self._may_act(desired):
                self._actuator.step(seen, desired, now, self._rights.left_by(seen.path))
            self.status = self._status(now, desired, seen)
            self._count(desired, elapsed)
            if desired.is_known and not self.is_standby:
                self._account(moment, windows, late, desired, seen)
            self._looked_at, self._looked_monotonic = now, moment.monotonic
            if not self.is_standby:
                self._store.save_look(now)
            return self.status

    def start(self, by: str, seconds: float, title: str) -> StudioStatus:
        """Record from now on for `seconds`, whatever the schedule says."""
        with self.lock:
            now = self._clock.now()
            self._set_override(Override(Want.START, now, now + seconds, by, title))
            self._actuator.hurry()
            return self.look()

    def end(self, by: str) -> StudioStatus:
        """Stop what records now, and leave the windows of this moment alone."""
        with self.lock:
            now = self._clock.now()
            self._actuator.want_stop(by)
            self._actuator.hurry()
            self._set_override(stop(now, self._at(now), by))
            return self.look()

    def follow_schedule(self) -> StudioStatus:
        """Forget what operators wanted: start, stop and extensions."""
        with self.lock:
            self._set_override(None)
            self._set_extensions([])
            self._actuator.hurry()
            return self.look()

    def extend(self, until: float, by: str) -> StudioStatus:
        """Go on until a later moment: the start by hand, or else the windows that run last."""
        with self.lock:
            now = self._clock.now()
            override = self._override
            if override is not None and override.want is Want.START:
                self._set_override(Override(Want.START, override.since, until, by, override.title))
            else:
                self._extend_windows(now, until, by)
            return self.look()

    def pause(self, paused: bool, by: str) -> StudioStatus:
        """Pause the recording, or go on with it. Raises Unreachable or Refused."""
        with self.lock:
            self._actuator.pause(paused, by)
            return self.look()

    def take_over(
        self,
        remembered: Remembered,
        override: Override | None,
        extensions: list[Extension],
        runs: list[Run],
        looked_at: float | None,
    ) -> None:
        """Go on with what another recorder left."""
        with self.lock:
            self._actuator.current, self._actuator.last = remembered.current, remembered.last
            self._override, self._extensions = override, extensions
            self._looked_at = looked_at
            # As after a restart: nobody here has watched.
            self._looked_monotonic = None
            self._late = LateWindows(self._studio)
            self._coverage.restore(runs)

    def take_row(self, written: Recording) -> None:
        """Note the ids that the database gave to a recording."""
        with self.lock:
            for recording in (self._actuator.current, self._actuator.last):
                if recording is not None and recording.uid == written.uid:
                    recording.row, recording.evening_row = written.row, written.evening_row

    @property
    def is_standby(self) -> bool:
        """Whether another recorder on the same database controls the studio."""
        return self.block is not None and self.block.is_standby

    def _take_block(self, block: Block | None) -> None:
        self.block = block
        if block is not None and block.reason.code is Code.OTHER_LEITSTAND:
            self._actuator.faults.begin(block.reason)
        else:
            self._actuator.faults.end(Code.OTHER_LEITSTAND)

    def _may_act(self, desired: Desired) -> bool:
        return desired.is_known or self._actuator.current is not None

    def _extend_windows(self, now: float, until: float, by: str) -> None:
        running = self._at(now)
        others = [e for e in self._extensions if e.key not in {key_of(w) for w in running}]
        last = max((w.end for w in running), default=0.0)
        extended = [Extension(w.schedule_id, w.date, until, by) for w in running if w.end == last]
        kept = [
            e for e in self._extensions if e.key in {key_of(w) for w in running if w.end != last}
        ]
        self._set_extensions([*others, *kept, *extended])

    def _set_override(self, override: Override | None) -> None:
        if override != self._override:
            self._override = override
            self._store.save_override(override)

    def _set_extensions(self, extensions: list[Extension]) -> None:
        if extensions != self._extensions:
            self._extensions = extensions
            self._store.save_extensions(extensions)

    def _at(self, now: float) -> list[Window]:
        plan = self._plan()
        return [] if plan is None else plan.windows(self._studio, self._extensions, now, now + 1e-3)

    def _windows(self, now: float, elapsed: float | None, late: Iterable[Window]) -> list[Window]:
        """Those of this moment, those that went by since the last look, and the late ones."""
        found = self._passed(now, elapsed)
        keys = {key_of(window) for window in found}
        return [*found, *(window for window in late if key_of(window) not in keys)]

    def _passed(self, now: float, elapsed: float | None) -> list[Window]:
        """Those of this moment, and those that went by since the last look."""
        before, plan = self._looked_at, self._plan()
        if plan is None:
            return []
        if before is None or (elapsed is not None and elapsed <= WATCHED_SECONDS):
            return self._at(now)
        # What the clock skipped when it was set forward never was.
        seen_until = now if elapsed is None else min(now, before + elapsed)
        passed = plan.windows(self._studio, self._extensions, min(before, now), seen_until + 1e-3)
        keys = {key_of(window) for window in passed}
        return [*passed, *(w for w in self._at(now) if key_of(w) not in keys)]

    def _desired(self, now: float, windows: list[Window]) -> Desired:
        if self._override is not None and is_over(self._override, windows, now):
            self._set_override(None)
        self._set_extensions([e for e in self._extensions if e.until > now])
        if self._plan() is None and self._override is None and not self._is_ours_to_end():
            return UNKNOWN
        return desired_state(windows, self._override)

    def _is_ours_to_end(self) -> bool:
        """Whether a recording runs that an operator began or wants to end, plan or no plan."""
        current = self._actuator.current
        return current is not None and (current.stop_wanted or current.origin is Origin.MANUAL)

    def _count(self, desired: Desired, elapsed: float | None) -> None:
        self._uptime.count(elapsed, desired=desired.on, verified=self.status.verified)
        self.status.desired_seconds = self._uptime.desired_seconds
        self.status.verified_seconds = self._uptime.verified_seconds

    def _moment(self) -> Moment:
        now, monotonic, before = self._clock.now(), self._clock.monotonic(), self._looked_monotonic
        return Moment(now, monotonic, None if before is None else monotonic - before)

    def _account(
        self,
        moment: Moment,
        windows: list[Window],
        late: Mapping[Window, Reason],
        desired: Desired,
        seen: Observation | None,
    ) -> None:
        now, elapsed = moment.now, moment.elapsed
        running = healthy(self._actuator.current, seen)
        still = seen is not None and seen.active and seen.progress in _NO_DATA
        self._coverage.account(
            Look(
                now,
                self._looked_at,
                elapsed,
                windows,
                self._uptime.recording_since(running, now, moment.monotonic, elapsed),
                self._why_not(desired, seen),
                now - seen.still_seconds if still and seen is not None else None,
                late={
                    key_of(window): self._late.reason(window, running) or reason
                    for window, reason in late.items()
                },
            )
        )

    def _why_not(self, desired: Desired, seen: Observation | None) -> Reason:
        """Why nothing is recorded at this moment, if nothing is."""
        faults, current = self._actuator.faults, self._actuator.current
        if self.block is not None:
            return self.block.reason
        if seen is None:
            away = faults.get(Code.OBS_AWAY)
            return away.reason if away else Reason(Code.STARTING)
        if current is not None and current.paused:
            return Reason(Code.PAUSED_BY, {"by": current.paused_by or IN_OBS})
        if not desired.on:
            return _as_gap(desired.reason)
        if seen.active and seen.progress in _NO_DATA:
            detail = f"its file has not grown for {seen.still_seconds:.0f} s"
            return Reason(Code.STALLED, {"detail": detail})
        if (why := seen.obstacle or seen.ended_by) is not None:
            return why
        refused = faults.get(Code.OBS_REFUSES)
        if refused is None and self._actuator.was_stopped_in_obs:
            return Reason(Code.STOPPED_BY, {"by": IN_OBS})
        return refused.reason if refused else Reason(Code.STARTING)

    def _status(self, now: float, desired: Desired, seen: Observation | None) -> StudioStatus:
        current = self._actuator.current
        active = current is not None and seen is not None and seen.active
        running = healthy(current, seen)
        return StudioStatus(
            studio=self._studio,
            is_known=desired.is_known,
            connected=seen is not None,
            desired=desired.on,
            since=desired.since,
            until=desired.until,
            reason_code=desired.reason.code,
            reason_params=dict(desired.reason.params),
            active=active or (seen is not None and seen.active),
            paused=seen is not None and seen.paused,
            verified=running is not None and seen is not None and seen.grew,
            stalled=seen is not None and seen.active and seen.progress is not Progress.HEALTHY,
            recording=current,
            last=self._actuator.last,
            override=self._override,
            extensions=list(self._extensions),
            in_window=bool(self._at(now)),
            faults=list(self._actuator.faults.active),
            looked_at=now,
            is_standby=self.is_standby,
        )


def _as_gap(reason: Reason) -> Reason:
    """A stop by hand is the reason of a gap; where nothing is scheduled none was wanted."""
    return reason if reason.code is Code.STOPPED_BY else Reason(Code.NOT_WANTED)
