"""Keeps our row of a studio's recording in step with what OBS does, and OBS with the wish.

Nothing is latched: every step compares the wish of this moment with what OBS and the file show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from control_api.clock import Clock
from control_api.events.service import Kind
from control_api.recordings import part
from control_api.recordings.faults import Faults
from control_api.recordings.part import Origin, State
from control_api.recordings.recorder import Recorder, Refused, Seen, Unreachable
from control_api.recordings.store import RecordingStore
from control_api.recordings.tables import RecordingRow
from control_api.recordings.wish import Wish

_START_SECONDS = 3.0
"""OBS is recording 30 ms after it was asked to, or it never will: it says 100 in both cases."""
_LATE_SECONDS = 30.0
"""An encoder may take its time all the same: what begins so long after is what was asked for."""
_LONGEST_PAUSE_SECONDS = 3.0
_SLOW_STOP_SECONDS = 10.0
_SAVE_SECONDS = 10.0
_SILENT_REFUSAL = "OBS accepts the start and does not record; is a dialog open in it?"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a finished file plays, and its length in seconds where it tells."""

    good: bool
    reason: str = ""
    duration: float | None = None


Check = Callable[[RecordingRow], Verdict | None]
"""Gives None as long as a file is not final."""


class Driver:
    """One studio's recording: at most one runs, any number may still be checked."""

    def __init__(
        self,
        studio: str,
        recorder: Recorder,
        store: RecordingStore,
        check: Check,
        *,
        tell: Callable[..., object],
        clock: Clock,
    ) -> None:
        self.current: RecordingRow | None = None
        self.faults = Faults(studio, tell)
        self._studio = studio
        self._recorder = recorder
        self._store = store
        self._check = check
        self._tell = tell
        self._clock = clock
        self._checking: list[RecordingRow] = []
        self._retry_at = float("-inf")
        self._attempts = 0
        self._asked_at: float | None = None
        self._saved_at = float("-inf")
        self._take_over()

    def look(self) -> Seen | None:
        """What OBS does; None if it does not answer."""
        try:
            seen = self._recorder.look()
        except Unreachable as error:
            self.faults.lost(str(error))
            return None
        self.faults.back()
        return seen

    def hurry(self) -> None:
        """Do not wait with the next attempt."""
        self._retry_at = float("-inf")

    def step(self, seen: Seen, wanted: Wish, now: float) -> None:
        """Follow what OBS does, then do the one thing that is needed, if it is time to."""
        self._follow(seen, wanted, now)
        is_due = self._clock.monotonic() >= self._retry_at
        if self.current is None and wanted.on and is_due:
            self._start(wanted, now)
        elif self.current is not None and seen.active:
            self._tell_slow_stop(self.current, now)
            if is_due and self._is_to_end(self.current, seen, wanted):
                self._stop(self.current, now)

    def settle(self) -> None:
        """See which files are final."""
        for row in tuple(self._checking):
            if (verdict := self._check(row)) is not None:
                self._checking.remove(row)
                self._close(row, verdict)

    def want_stop(self, who: str) -> None:
        """An operator stops what runs now, whoever began it."""
        if self.current is not None:
            self.current.stop_wanted = True
            self.current.extra = {**self.current.extra, "stopped_by": who}
            self._store.save(self.current)

    def _take_over(self) -> None:
        """Go on with what an earlier process of this service left."""
        for row in self._store.open(self._studio):
            if row.state == State.CHECKING:
                self._checking.append(row)
                continue
            if self.current is not None:
                self._end(self.current, self.current.seen_at)
            self.current = row

    def _follow(self, seen: Seen, wanted: Wish, now: float) -> None:
        row = self.current
        if row is not None and seen.active and part.is_another(row, seen):
            self._ended(row, seen, wanted, now)
            row = None
        if seen.active:
            self.current = row or self._unknown(wanted, now)
            self._update(self.current, seen, wanted, now)
        elif row is not None and row.state != State.STARTING:
            self._ended(row, seen, wanted, now)
        elif row is not None and now - row.started_at >= _START_SECONDS:
            self._forget(row, f"cannot record: {seen.trouble or _SILENT_REFUSAL}")

    def _unknown(self, wanted: Wish, now: float) -> RecordingRow:
        """The row of a recording that has none: ours, if OBS was only slow to start it."""
        if self._asked_at is not None and now - self._asked_at < _LATE_SECONDS:
            return part.begun(self._studio, wanted, now)
        return part.found(self._studio, now)

    def _update(self, row: RecordingRow, seen: Seen, wanted: Wish, now: float) -> None:
        was_new, was_paused = row.state == State.STARTING, part.is_paused(row)
        urgent = part.update(row, seen, now)
        if was_new:
            row.evening = self._evening(row, wanted)
        if urgent or now - self._saved_at >= _SAVE_SECONDS:
            self._saved_at = now
            self._store.save(row)
        if was_new:
            if row.evening is None:
                row.evening = row.id
                self._store.save(row)
            self._say(Kind.RECORDING_STARTED, f"recording: {row.reason}", row)
        if part.is_paused(row) != was_paused:
            kind = Kind.RECORDING_RESUMED if was_paused else Kind.RECORDING_PAUSED
            self._say(kind, "recording goes on" if was_paused else "recording is paused", row)
        if seen.stalled:
            self.faults.stalled(row)
        elif seen.grew and row.state == State.RECORDING:
            self._attempts = 0
            self.faults.recovered(row)

    def _evening(self, row: RecordingRow, wanted: Wish) -> int | None:
        """The recording that this one goes on with, if it is wanted since before that ended."""
        last = self._store.before(row)
        if last is None or not wanted.on or last.seen_at < wanted.since:
            return None
        return last.evening or last.id

    def _ended(self, row: RecordingRow, seen: Seen, wanted: Wish, now: float) -> None:
        asked = row.state == State.STOPPING
        self._end(row, now if asked else min(now, row.seen_at + 1.0))
        self.hurry()
        if not asked and wanted.on and row.origin != Origin.FOREIGN:
            why = f": {seen.trouble}" if seen.trouble else ""
            self.faults.failed(f"the recording ended by itself{why}")

    def _end(self, row: RecordingRow, at: float) -> None:
        row.state, row.ended_at, self._asked_at = str(State.CHECKING), at, None
        self._store.save(row)
        self._checking.append(row)
        self.current = None

    def _close(self, row: RecordingRow, verdict: Verdict) -> None:
        row.state = str(State.FINISHED if verdict.good else State.DAMAGED)
        row.duration = verdict.duration or row.duration
        self._store.save(row)
        why = f": {verdict.reason}" if verdict.reason else ""
        self._say(Kind.RECORDING_STOPPED, f"stopped after {row.duration:.0f} s{why}", row)

    def _is_to_end(self, row: RecordingRow, seen: Seen, wanted: Wish) -> bool:
        ours = row.origin != Origin.FOREIGN
        return row.stop_wanted or (ours and (not wanted.on or seen.stalled))

    def _tell_slow_stop(self, row: RecordingRow, now: float) -> None:
        waited = now - float(row.extra.get("asked_at", now))
        if row.state == State.STOPPING and waited > _SLOW_STOP_SECONDS:
            self.faults.failed("OBS was asked to stop and does not")

    def _start(self, wanted: Wish, now: float) -> None:
        # The row first: whoever finds OBS recording after a crash must know that it is ours.
        row = self.current = self._store.save(part.begun(self._studio, wanted, now))
        try:
            self._recorder.start()
        except (Refused, Unreachable) as error:
            self._forget(row, f"cannot record: OBS {error}")
            self._pause()
        else:
            self._asked_at = now

    def _stop(self, row: RecordingRow, now: float) -> None:
        if row.state != State.STOPPING:
            row.state = str(State.STOPPING)
            row.extra = {**row.extra, "asked_at": now}
            self._store.save(row)
        try:
            self._recorder.stop()
        except (Refused, Unreachable) as error:
            self.faults.failed(f"cannot stop: OBS {error}")
        self._pause()

    def _forget(self, row: RecordingRow, why: str) -> None:
        self._store.delete(row)
        self.current = None
        self.faults.failed(why)

    def _pause(self) -> None:
        """Leave OBS in peace for a while."""
        self._attempts += 1
        pause = min(float(self._attempts), _LONGEST_PAUSE_SECONDS)
        self._retry_at = self._clock.monotonic() + pause

    def _say(self, kind: Kind, message: str, row: RecordingRow) -> None:
        self._tell(kind, self._studio, message, recording_id=row.id)
