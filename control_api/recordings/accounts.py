"""Window by window: what was recorded of it, and why the rest was not.

Every stretch of a window is booked once: as recorded, or as a gap with its reason. Nothing is
booked ahead, so what a crash of this service leaves open is booked when it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from control_api.events.service import Kind
from control_api.schedules.runs import TOLERANCE_SECONDS, RunStore
from control_api.schedules.tables import RunRow
from control_api.schedules.windows import Window

NOBODY_WATCHED = "Leitstand was not running"
_WATCHED_SECONDS = 5.0
"""Looks that are further apart than this have not seen what was between them."""
_SAVE_SECONDS = 10.0

Tell = Callable[..., object]


class Accounts:
    """The books of one studio."""

    def __init__(self, studio: str, runs: RunStore, tell: Tell) -> None:
        self._studio = studio
        self._runs = runs
        self._tell = tell
        self._reason = ""
        self._saved_at: dict[tuple[int, float], float] = {}
        self._open: dict[tuple[int, float], RunRow] = {
            (run.schedule_id, run.start): run for run in runs.open_runs(studio)
        }

    def book(
        self,
        now: float,
        windows: Sequence[Window],
        recording_since: float | None,
        reason: str,
    ) -> None:
        """Book everything up to `now`.

        `windows` are those that contain `now` or ended since the last look. `recording_since` is
        since when it records without a break, None while it does not; then `reason` says why.
        """
        present = {(window.schedule_id, window.start): window for window in windows}
        for key, window in present.items():
            run = self._open.get(key) or self._begin(window)
            if run is not None:
                run.end, run.title = window.end, window.title
                self._advance(run, min(now, run.end), recording_since, reason)
        for key, run in tuple(self._open.items()):
            if key not in present and run.end > now:
                # The schedule was changed: what is left of the window is no longer wanted.
                run.end = now
                self._advance(run, now, recording_since, reason)
            if run.end <= now:
                # What keeps the studio from recording now came after the window.
                self._advance(run, run.end, recording_since, self._reason or reason)
                self._close(key, run)
            else:
                self._save(key, run, now)
        self._reason = reason

    def _begin(self, window: Window) -> RunRow | None:
        """The run of a window that is new; None if it was closed before."""
        key = window.schedule_id, window.start
        if self._runs.get(*key) is not None:
            return None
        run = RunRow(
            schedule_id=window.schedule_id,
            studio=self._studio,
            title=window.title,
            start=window.start,
            end=window.end,
            outcome="running",
            recorded_seconds=0.0,
            gaps=[],
            accounted_until=window.start,
        )
        self._open[key] = run
        return run

    def _advance(
        self, run: RunRow, until: float, recording_since: float | None, reason: str
    ) -> None:
        begin = run.accounted_until
        if until <= begin:
            return
        since = until if recording_since is None else min(max(recording_since, begin), until)
        if since > begin:
            unseen = since - begin > _WATCHED_SECONDS
            why = NOBODY_WATCHED if unseen else reason
            run.gaps = _with_gap(run.gaps, begin, since, why)
        run.recorded_seconds += until - since
        run.accounted_until = until

    def _close(self, key: tuple[int, float], run: RunRow) -> None:
        missing = run.end - run.start - run.recorded_seconds
        if missing <= TOLERANCE_SECONDS:
            run.outcome = "recorded"
        else:
            run.outcome = "partly" if run.recorded_seconds >= 1 else "missed"
            reasons = "; ".join(dict.fromkeys(gap["reason"] for gap in run.gaps))
            self._tell(
                Kind.WINDOW_MISSED,
                self._studio,
                f"{run.title}: {missing:.0f} s of {run.end - run.start:.0f} s were not recorded: "
                f"{reasons}",
                schedule_id=run.schedule_id,
                start=run.start,
                end=run.end,
                missing_seconds=missing,
                outcome=run.outcome,
            )
        self._runs.save(run)
        self._saved_at.pop(key, None)
        del self._open[key]

    def _save(self, key: tuple[int, float], run: RunRow, now: float) -> None:
        if now - self._saved_at.get(key, 0.0) >= _SAVE_SECONDS:
            self._saved_at[key] = now
            self._runs.save(run)


def _with_gap(
    gaps: Sequence[dict[str, object]], start: float, end: float, reason: str
) -> list[dict[str, object]]:
    """The gaps and one more, joined with the last if it goes on for the same reason."""
    if gaps and gaps[-1]["end"] == start and gaps[-1]["reason"] == reason:
        return [*gaps[:-1], {**gaps[-1], "end": end}]
    return [*gaps, {"start": start, "end": end, "reason": reason}]
