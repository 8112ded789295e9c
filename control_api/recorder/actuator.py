"""Moves one OBS towards the desired state, and keeps the record of what it records.

Every step compares the desired state of this moment with what OBS and the file show. All waiting
is counted on the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from control_api.clock import Clock
from control_api.events.kinds import Kind
from control_api.recorder import recording as recordings
from control_api.recorder.desired_state import Desired
from control_api.recorder.faults import ActiveFaults, Fault, Report
from control_api.recorder.observation import (
    Observation,
    Progress,
    RecordOutput,
    Refused,
    Unreachable,
)
from control_api.recorder.recording import Origin, Recording, State
from control_api.recorder.restarts import Restarts
from control_api.recordings.reasons import Code, Reason

_START_SECONDS = 3.0
"""OBS is recording 30 ms after it was asked to, or it never will: it says 100 in both cases."""
_LATE_SECONDS = 30.0
"""An encoder may take its time all the same: what begins so long after is what was asked for."""
_LONGEST_PAUSE_SECONDS = 3.0
_SLOW_STOP_SECONDS = 10.0
_SILENT_REFUSAL = Reason(
    Code.OBS_REFUSES,
    {"detail": "OBS accepts the start and does not record; is a dialog open in it?"},
)
_FAILED_TO_RECORD = (Code.OBS_REFUSES, Code.DISK_FULL)
_NO_DATA = (Code.STALLED, Code.SLOW)


class Archive(Protocol):
    """Where recordings are kept. None of its methods waits or raises."""

    def save(self, recording: Recording, *, urgent: bool = True) -> None:
        """Keep it as it is now; one that is not `urgent` within some seconds."""

    def forget(self, recording: Recording) -> None:
        """Drop one that never recorded anything."""

    def save_faults(self, faults: Sequence[Fault]) -> None:
        """Keep what is wrong now, so that it is not reported again after a restart."""

    def secured(self) -> None:
        """Give what was saved a moment to reach the disk."""


@dataclass(slots=True)
class Remembered:
    """What an earlier process left: what ran, what ended last, and the faults it reported."""

    current: Recording | None = None
    last: Recording | None = None
    faults: Sequence[Fault] = ()


class Actuator:
    """One studio's recording: at most one runs at a time."""

    def __init__(
        self,
        studio: str,
        output: RecordOutput,
        archive: Archive,
        *,
        remembered: Remembered,
        report: Report,
        clock: Clock,
    ) -> None:
        self.current = remembered.current
        self.last = remembered.last
        self.faults = ActiveFaults(
            report, clock.now, known=remembered.faults, keep=archive.save_faults
        )
        self._studio = studio
        self._output = output
        self._archive = archive
        self._report = report
        self._clock = clock
        self._restarts = Restarts()
        self._retry_at = self._asked_to_start = self._looked_at = float("-inf")
        self._asked_to_stop: float | None = None
        self._attempts = 0
        self._was_away = False
        self.was_stopped_in_obs = False
        """Whether that is why nothing is recorded."""

    def look(self) -> Observation | None:
        """What OBS does; None if it does not answer."""
        try:
            seen = self._output.look()
        except Unreachable as error:
            self._was_away = True
            self.faults.begin(Reason(Code.OBS_AWAY, {"detail": str(error)}))
            return None
        self.faults.end(Code.OBS_AWAY)
        return seen

    def hurry(self) -> None:
        """Do not wait with the next attempt."""
        self._retry_at = float("-inf")

    def step(
        self, seen: Observation, desired: Desired, now: float, left_by: str | None = None
    ) -> None:
        """Follow what OBS does, then do the one thing that is needed, if it is time to.

        `left_by` is the host of a Leitstand that controlled OBS before and began what it records.
        """
        self._follow(seen, desired, now, left_by)
        self._looked_at, self._was_away = self._clock.monotonic(), False
        if not desired.is_known:
            return
        self._drop_past_faults(desired)
        is_due = self._clock.monotonic() >= self._retry_at
        if self.current is None and desired.on and is_due:
            self._start(desired, now)
        elif self.current is not None and seen.active:
            self._note_slow_stop()
            if is_due and self._is_to_end(self.current, seen, desired):
                self._stop(self.current, seen)

    def want_stop(self, by: str) -> None:
        """An operator stops what runs now, whoever began it."""
        if self.current is not None:
            self.current.stop_wanted, self.current.stopped_by = True, by
            self._archive.save(self.current)

    def pause(self, paused: bool, by: str) -> None:
        """Pause what runs now, or go on. Raises Unreachable or Refused."""
        self._output.pause(paused)
        if self.current is not None:
            # Until OBS has gone on the pause is that of whoever began it.
            self.current.paused_by = by if paused else self.current.paused_by

    def _follow(self, seen: Observation, desired: Desired, now: float, left_by: str | None) -> None:
        row = self.current
        if row is not None and seen.active and row.state is not State.STARTING:
            if recordings.is_split(row, seen, self._elapsed(row, now)):
                row = self._next_file(row, seen, now)
            elif recordings.is_another(row, seen):
                self._ended(row, seen, desired, now)
                row = None
        if seen.active:
            self.current = row or self._unknown(desired, now, left_by)
            self._update(self.current, seen, desired, now)
        elif row is not None and row.state is not State.STARTING:
            self._ended(row, seen, desired, now)
        elif row is not None and self._clock.monotonic() - self._asked_to_start >= _START_SECONDS:
            why = seen.obstacle or (None if self._was_unseen else _SILENT_REFUSAL)
            self._give_up(row, why if desired.on else None)
        elif row is not None and seen.obstacle is not None and desired.on:
            self.faults.begin(seen.obstacle)

    @property
    def _was_unseen(self) -> bool:
        """Whether OBS may have ended and begun again since the last look."""
        passed = self._clock.monotonic() - self._looked_at
        return self._was_away or passed >= _START_SECONDS

    def _elapsed(self, row: Recording, now: float) -> float:
        """Seconds since the last look; after a restart, since the recording was last seen."""
        if self._looked_at > float("-inf"):
            return self._clock.monotonic() - self._looked_at
        return max(0.0, now - row.seen_at)

    def _next_file(self, row: Recording, seen: Observation, now: float) -> Recording:
        after = recordings.next_file(row, seen, now)
        self._close(row, now)
        self.current = after
        self._archive.save(after)
        self._say(Kind.RECORDING_FILE, f"the recording goes on in {_name(after)}", after)
        return after

    def _unknown(self, desired: Desired, now: float, left_by: str | None) -> Recording:
        """A recording that is not on record: ours, if OBS was only slow to start it."""
        if self._clock.monotonic() - self._asked_to_start < _LATE_SECONDS:
            return recordings.begun(self._studio, desired, now)
        if left_by is not None:
            return recordings.left_by(self._studio, left_by, now)
        return recordings.adopted(self._studio, now)

    def _update(self, row: Recording, seen: Observation, desired: Desired, now: float) -> None:
        was_new, was_paused = row.state is State.STARTING, row.paused
        changed = recordings.update(row, seen, now)
        self.was_stopped_in_obs = False
        if was_new:
            row.evening = self._evening(desired) or row.uid
            self._say(Kind.RECORDING_STARTED, f"recording: {row.reason.text}", row)
        if row.paused != was_paused:
            kind = Kind.RECORDING_RESUMED if was_paused else Kind.RECORDING_PAUSED
            self._say(kind, "recording goes on" if was_paused else "recording is paused", row)
            row.paused_by = row.paused_by if row.paused else ""
        if row.origin is Origin.LEITSTAND and desired.on:
            recordings.take_over(row, desired)
            changed = True
            self._say(Kind.RECORDING_TAKEN_OVER, f"goes on as wanted: {desired.reason.text}", row)
        self._archive.save(row, urgent=changed)
        self._judge(row, seen)

    def _judge(self, row: Recording, seen: Observation) -> None:
        """Report a recording that loses data, once, and that it records again, once."""
        if seen.progress is Progress.HEALTHY:
            if seen.grew and not seen.paused and row.state is State.RECORDING:
                self._attempts = 0
                codes = (*_FAILED_TO_RECORD, *_NO_DATA, Code.STOP_IGNORED)
                self.faults.end(*codes, recovered=True, uid=row.uid)
        elif seen.progress is Progress.MUXER_DEAD:
            detail = f"its file has not grown for {seen.still_seconds:.0f} s"
            self.faults.begin(Reason(Code.STALLED, {"detail": detail}), uid=row.uid)
        else:
            seconds = round(seen.still_seconds)
            self.faults.begin(Reason(Code.SLOW, {"seconds": seconds}), uid=row.uid)

    def _evening(self, desired: Desired) -> str | None:
        """The recording that this one goes on with, if it is wanted since before that ended."""
        last = self.last
        if last is None or not desired.on or last.seen_at < desired.since:
            return None
        return last.evening or last.uid

    def _ended(self, row: Recording, seen: Observation, desired: Desired, now: float) -> None:
        asked = row.state is State.STOPPING
        self._close(row, now if asked else min(now, row.seen_at + 1.0))
        self._say(Kind.RECORDING_STOPPED, f"stopped after {row.duration:.0f} s", row)
        self.faults.end(Code.STOP_IGNORED)
        self.hurry()
        # An OBS that was away has ended it by that.
        by_itself = not asked and not self._was_away
        self.was_stopped_in_obs = by_itself and seen.stopped and seen.obstacle is None
        is_fault = by_itself and not self.was_stopped_in_obs
        if is_fault and desired.on and row.origin.is_ours:
            detail = "the recording ended by itself"
            why = seen.obstacle or seen.ended_by
            self.faults.begin(why or Reason(Code.OBS_REFUSES, {"detail": detail}))

    def _close(self, row: Recording, at: float) -> None:
        row.state, row.ended_at, row.paused = State.CHECKING, at, False
        self._asked_to_start, self._asked_to_stop = float("-inf"), None
        self.current, self.last = None, row
        self._archive.save(row)

    def _is_to_end(self, row: Recording, seen: Observation, desired: Desired) -> bool:
        if row.stop_wanted:
            return True
        if not row.origin.is_ours:
            return False
        return not desired.on or self._restarts.is_due(seen, self._clock.monotonic())

    def _note_slow_stop(self) -> None:
        asked = self._asked_to_stop
        if asked is not None and self._clock.monotonic() - asked > _SLOW_STOP_SECONDS:
            self.faults.begin(Reason(Code.STOP_IGNORED))

    def _drop_past_faults(self, desired: Desired) -> None:
        """What kept a recording from running does not matter where none is wanted or runs."""
        if not desired.on and self.current is None:
            self.faults.drop(*_FAILED_TO_RECORD, *_NO_DATA)
            self.faults.end(Code.STOP_IGNORED)
            self._restarts.reset()

    def _start(self, desired: Desired, now: float) -> None:
        # On record first: a recorder that finds OBS recording after a crash knows that it is ours.
        row = self.current = recordings.begun(self._studio, desired, now)
        self._archive.save(row)
        self._archive.secured()
        self._asked_to_start = self._clock.monotonic()
        try:
            self._output.start()
        except (Refused, Unreachable) as error:
            self._give_up(row, Reason(Code.OBS_REFUSES, {"detail": f"OBS {error}"}))
            self._pause()

    def _stop(self, row: Recording, seen: Observation) -> None:
        now = self._clock.monotonic()
        if row.state is not State.STOPPING:
            row.state = State.STOPPING
            self._asked_to_stop = now
            self._archive.save(row)
        if not row.stop_wanted:
            self._restarts.note(seen, now)
        try:
            self._output.stop()
        except (Refused, Unreachable):
            self.faults.begin(Reason(Code.STOP_IGNORED))
        self._pause()

    def _give_up(self, row: Recording, why: Reason | None) -> None:
        self._archive.forget(row)
        self.current = None
        if why is not None:
            self.faults.begin(why)

    def _pause(self) -> None:
        """Leave OBS in peace for a while."""
        self._attempts += 1
        pause = min(float(self._attempts), _LONGEST_PAUSE_SECONDS)
        self._retry_at = self._clock.monotonic() + pause

    def _say(self, kind: Kind, message: str, row: Recording) -> None:
        self._report(kind, message, uid=row.uid)


def _name(row: Recording) -> str:
    path = row.file or row.obs_path or "another file"
    return path.replace("\\", "/").rpartition("/")[2]
