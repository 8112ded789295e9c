"""What is kept of one studio: its recording, its overrides, its runs, and when it was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from control_api.clock import Clock
from control_api.events.kinds import Kind
from control_api.recorder.actuator import Remembered
from control_api.recorder.desired_state import Override
from control_api.recorder.faults import Fault
from control_api.recorder.plan import Extension
from control_api.recorder.recording import Recording, State
from control_api.recorder.records import Extended, Forgotten, Looked, Overridden, Records
from control_api.recorder.runs import Run

_KEEP_SECONDS = 2.0
"""How often what changes with every look is kept: a crash may cost so much of an account."""
_SEND_SECONDS = 10.0
"""How often it is sent to the database."""
_SEND_RUN_SECONDS = 3.0
"""The same for the account of a window, which people watch."""


class StudioRecords:
    """The records of one studio; satisfies the protocols of actuator, reconciler and coverage."""

    def __init__(self, studio: str, records: Records, clock: Clock) -> None:
        self._studio = studio
        self._records = records
        self._clock = clock
        self._kept_at: dict[str, float] = {}
        self._kept_runs: dict[str, tuple[object, ...]] = {}
        self._extensions: list[Extension] = []

    @property
    def remembered(self) -> Remembered:
        """The recording that ran when an earlier process last looked, and the one before."""
        recall = self._records.recall
        return Remembered(
            recall(self._key("current"), Recording),
            recall(self._key("last"), Recording),
            recall(self._key("faults"), list[Fault]) or [],
        )

    @property
    def override(self) -> Override | None:
        return self._records.recall(self._key("override"), Override)

    @property
    def extensions(self) -> list[Extension]:
        return self._records.recall(self._key("extensions"), list[Extension]) or []

    @property
    def looked_at(self) -> float | None:
        return self._records.recall(self._key("looked_at"), float)

    @property
    def runs(self) -> list[Run]:
        return self._records.recall_below(self._key("run/"), Run)

    def save(self, recording: Recording, *, urgent: bool = True) -> None:
        """Keep a recording as it is now; one that is not `urgent` within some seconds."""
        if self._is_time("recording", urgent=urgent):
            self._keep_recording(recording)
        if self._is_time("recording sent", _SEND_SECONDS, urgent=urgent):
            self._records.send(recording, recording.uid)

    def _keep_recording(self, recording: Recording) -> None:
        is_over = recording.state in (State.CHECKING, State.FINISHED, State.DAMAGED)
        if is_over:
            self._records.keep(self._key("last"), recording)
        self._records.keep(self._key("current"), None if is_over else recording)

    def forget(self, recording: Recording) -> None:
        """Drop one that never recorded anything."""
        self._records.keep(self._key("current"), None)
        self._records.unsend(recording, recording.uid)
        self._records.send(Forgotten(recording.uid), recording.uid)

    def save_faults(self, faults: Sequence[Fault]) -> None:
        """Keep what is wrong now, so that it is not reported again after a restart."""
        self._records.keep(self._key("faults"), list(faults) or None)

    def secured(self) -> None:
        """Give what was saved a moment to reach the disk."""
        self._records.secured()

    def save_override(self, override: Override | None) -> None:
        """Keep what an operator wants now; None: nothing but the schedule."""
        self._records.keep(self._key("override"), override)
        self._records.send(Overridden(self._studio, override), self._studio)

    def save_extensions(self, extensions: list[Extension]) -> None:
        """Keep the later ends of windows."""
        self._records.keep(self._key("extensions"), extensions or None)
        self._records.send(Extended(self._studio, extensions), self._studio)

    def save_look(self, at: float) -> None:
        """Keep when the studio was last looked at (Unix seconds)."""
        if self._is_time("look"):
            self._records.keep(self._key("looked_at"), at)
        if self._is_time("look sent", _SEND_SECONDS):
            self._records.send(Looked(self._studio, at), self._studio)

    def save_run(self, run: Run) -> None:
        """Keep a run: at once if something has changed but the time."""
        name = f"{run.schedule_id}/{run.date}"
        essence = run.start, run.end, run.title, run.outcome, len(run.gaps), run.reported_missing
        changed = self._kept_runs.get(name) != essence
        if self._is_time(f"run {name}", urgent=changed):
            self._kept_runs[name] = essence
            self._records.keep(self._key(f"run/{name}"), run)
        if self._is_time(f"run {name} sent", _SEND_RUN_SECONDS, urgent=changed):
            self._records.send(run, name)

    def forget_run(self, run: Run) -> None:
        """A run that cannot go on any more; the database keeps it."""
        name = f"{run.schedule_id}/{run.date}"
        self._kept_runs.pop(name, None)
        self._kept_at.pop(f"run {name}", None)
        self._kept_at.pop(f"run {name} sent", None)
        self._records.keep(self._key(f"run/{name}"), None)

    def report_missing(self, run: Run) -> None:
        """Report a window that was not recorded whole."""
        self.report(
            Kind.WINDOW_MISSED,
            run.summary,
            schedule_id=run.schedule_id,
            start=run.start,
            end=run.end,
            missing_seconds=run.missing_seconds,
            outcome=str(run.outcome),
        )

    def report(self, kind: Kind, message: str, **data: Any) -> None:
        """Report an event of this studio."""
        self._records.report(kind, self._studio, message, **data)

    def _key(self, name: str) -> str:
        return f"studio/{self._studio}/{name}"

    def _is_time(self, name: str, every: float = _KEEP_SECONDS, *, urgent: bool = False) -> bool:
        """Whether something is due; noted as done, if it is."""
        now, done_at = self._clock.monotonic(), self._kept_at.get(name)
        is_due = urgent or done_at is None or now - done_at >= every
        if is_due:
            self._kept_at[name] = now
        return is_due
