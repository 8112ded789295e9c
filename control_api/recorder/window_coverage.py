"""Keeps the account of every window of a studio, look by look.

Every second of a window is accounted for once: as recorded, or as a gap with its code. Nothing is
accounted in advance, so what a crash of the recorder leaves open is accounted for afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from control_api.recorder import runs
from control_api.recorder.desired_state import WindowKey, key_of
from control_api.recorder.runs import Run
from control_api.recordings.reasons import Code, Reason
from control_api.schedules.runs import Outcome
from control_api.schedules.windows import Window

WATCHED_SECONDS = 5.0
"""Looks that are further apart have not seen what happened between them."""

_JUMP_SECONDS = 2.0
"""A wall clock that moves by more than this against the monotonic clock was set."""
_AHEAD_SECONDS = 0.5
"""An account that is ahead of the time since the last look by more was made on another clock."""
KEPT_SECONDS = 2 * 86_400.0
"""For how long a closed run may go on again if its window is wanted again."""

_NOT_WANTED = Reason(Code.NOT_WANTED)
_NOT_RUNNING = Reason(Code.RECORDER_NOT_RUNNING)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw. Times are Unix seconds, as the wall clock was set at that moment.

    `before` is when the last look was, also of an earlier process; `elapsed` the seconds that have
    really passed since, None after a restart. `windows` are those of `now` and those that went by
    since. `recording_since` is since when it records without a break, None while it does not: then
    `reason` says why, and `still_since` since when the file has not grown. `unwatched` is why
    nothing was recorded in a time that nobody watched.

    `late` are those of the windows that should have been known before, and why they were not:
    they are accounted for as if the time before this look had not been watched.
    """

    now: float
    before: float | None
    elapsed: float | None
    windows: Sequence[Window]
    recording_since: float | None
    reason: Reason
    still_since: float | None = None
    unwatched: Reason = _NOT_RUNNING
    late: Mapping[WindowKey, Reason] = field(default_factory=dict)

    def at(self, key: WindowKey) -> Look:
        """This look, as it counts for that window."""
        reason = self.late.get(key)
        return self if reason is None else replace(self, elapsed=None, unwatched=reason)

    @property
    def was_watched(self) -> bool:
        """Whether the time since the last look was short."""
        return self.elapsed is not None and self.elapsed <= WATCHED_SECONDS

    @property
    def began(self) -> float:
        """When the time since the last look began, as the wall clock is set now.

        When an earlier process last looked is known to some seconds.
        """
        if self.elapsed is not None:
            return self.now - self.elapsed
        return self.now if self.before is None else min(self.before + _JUMP_SECONDS, self.now)

    @property
    def skipped(self) -> tuple[float, float]:
        """From where to where the wall clock was set forward: seconds that never passed.

        When it was set is not known if nothing was seen of that time: then what may have passed
        after it counts as time that passed.
        """
        if self.before is None or self.elapsed is None:
            return self.now, self.now
        expected = self.before + self.elapsed
        if self.now - expected <= _JUMP_SECONDS:
            return self.now, self.now
        return expected, self.now if self.was_watched else max(expected, self.now - self.elapsed)


class WindowCoverage:
    """The accounts of one studio. `save` keeps a run; `report` is called with one that lacks time.

    `wanted_from` gives since when a schedule asks for what it asks for now (Unix seconds),
    `begins_from` since when its windows begin as they do; their ends may have been moved since.
    """

    def __init__(
        self,
        known: Iterable[Run],
        *,
        save: Callable[[Run], object],
        forget: Callable[[Run], object],
        report: Callable[[Run], object],
        wanted_from: Callable[[int], float],
        begins_from: Callable[[int], float],
    ) -> None:
        self._runs: dict[WindowKey, Run] = {run.key: run for run in known}
        self._save = save
        self._forget = forget
        self._report = report
        self._wanted_from = wanted_from
        self._begins_from = begins_from
        self._reason: Reason | None = None

    def restore(self, known: Iterable[Run]) -> None:
        """Go on with these accounts instead."""
        self._runs = {run.key: run for run in known}

    def account(self, look: Look) -> None:
        """Account for everything up to now."""
        present = {key_of(window): window for window in look.windows}
        for key, window in present.items():
            self._continue(key, window, look.at(key))
        for key, run in tuple(self._runs.items()):
            if run.outcome is Outcome.RUNNING:
                self._settle(run, look.at(key), is_present=key in present)
            elif look.now - run.end > KEPT_SECONDS:
                del self._runs[key]
                self._forget(run)
        self._reason = look.reason

    def _continue(self, key: WindowKey, window: Window, look: Look) -> None:
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = runs.begun(window)
            run.add_gap(self._unwanted_until(run, look), _NOT_WANTED)
        elif self._account_again(run, look, look.reason):
            run.outcome = Outcome.RUNNING
        elif run.outcome is not Outcome.RUNNING:
            if window.end <= run.end:
                return
            run.outcome = Outcome.RUNNING
            run.add_gap(min(self._wanted_again(run, look), window.end), _NOT_WANTED)
        run.take_window(window)
        self._advance(run, min(look.now, run.end), look)

    def _account_again(self, run: Run, look: Look, reason: Reason) -> bool:
        """Account for a part that the clock had skipped, if it was set back before that."""
        begin = look.began
        if run.accounted_until - begin < _AHEAD_SECONDS:
            return False
        reason = reason if look.was_watched else look.unwatched
        recorded_from = look.now if look.recording_since is None else look.recording_since
        if not run.account_again(begin, look.now, recorded_from, reason):
            return False
        self._save(run)
        return True

    def _unwanted_until(self, run: Run, look: Look) -> float:
        """Until when a new run's window did not exist yet, or the clock never showed its time."""
        if look.was_watched and look.before is not None:
            # It would have been accounted for at the last look, had it existed then.
            seen = look.before if look.skipped[0] == look.now else look.now
            return min(seen, run.end)
        return min(self._begins_from(run.schedule_id), look.now, run.end)

    def _wanted_again(self, run: Run, look: Look) -> float:
        if look.was_watched and look.before is not None:
            return max(run.accounted_until, look.before)
        return min(max(self._wanted_from(run.schedule_id), run.accounted_until), look.now)

    def _settle(self, run: Run, look: Look, *, is_present: bool) -> None:
        if not is_present and run.end > look.now:
            # Its schedule was changed, or the clock was set: the rest is not wanted, for now.
            run.end = max(look.now, run.start, run.accounted_until)
            self._advance(run, run.end, look, self._reason)
        elif run.end > look.now:
            return
        else:
            # What keeps the studio from recording now came after the window.
            reason = self._reason or look.reason
            self._account_again(run, look, reason)
            self._advance(run, run.end, look, reason)
        run.close()
        if run.is_to_report:
            run.reported_missing = run.missing_seconds
            self._report(run)
        self._save(run)

    def _advance(self, run: Run, until: float, look: Look, reason: Reason | None = None) -> None:
        if look.recording_since is None and look.still_since is not None:
            run.retract_recorded(look.still_since)
        begin = run.accounted_until
        if until <= begin:
            return
        since = (
            until if look.recording_since is None else min(max(look.recording_since, begin), until)
        )
        self._add_gap(run, since, look, reason or look.reason)
        skipped_from, skipped_until = look.skipped
        run.add_recorded(min(until, skipped_from))
        # Seconds that the clock never showed were never asked for.
        run.add_gap(min(until, skipped_until), _NOT_WANTED)
        run.add_recorded(until)
        self._save(run)

    def _add_gap(self, run: Run, until: float, look: Look, reason: Reason) -> None:
        reason = reason if look.was_watched else look.unwatched
        skipped_from, skipped_until = look.skipped
        run.add_gap(min(until, skipped_from), reason)
        run.add_gap(min(until, skipped_until), _NOT_WANTED)
        run.add_gap(until, reason)
