"""Windows that should have been known before: of schedules saved while nobody could read them.

A recorder begins with the plan of its journal, and reads that of the database a moment later, or
much later. What was saved before, and has begun or gone by meanwhile, was wanted all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from control_api.recorder.plan import Extension, Plan
from control_api.recorder.recording import Recording
from control_api.recorder.window_coverage import KEPT_SECONDS, WATCHED_SECONDS
from control_api.recordings.reasons import Code, Reason
from control_api.schedules.windows import Window

_NOT_RUNNING = Reason(Code.RECORDER_NOT_RUNNING)
_STARTING = Reason(Code.STARTING)
_NO_PLAN = Reason(Code.NO_PLAN)


class LateWindows:
    """Those of one studio. All times are Unix seconds."""

    def __init__(self, studio: str) -> None:
        self._studio = studio
        self._plan: Plan | None = None
        self._plan_since = 0.0
        self._began: float | None = None

    def learned(
        self, plan: Plan | None, extensions: Iterable[Extension], now: float, before: float | None
    ) -> Mapping[Window, Reason]:
        """What this plan tells of too late, and why what of it was not recorded was not.

        `before` is when the last look was, also of an earlier process.
        """
        known, self._plan = self._plan, plan
        if self._began is None or before is None:
            # All that went by since the last look of an earlier process is looked at anyway.
            self._began, self._plan_since = now, now if before is None else before
            return {}
        if plan is None or plan is known:
            return {}
        since, self._plan_since = self._plan_since, now
        extended = tuple(extensions)
        old = known.windows(self._studio, extended, since, now) if known else []
        told = {(window.schedule_id, window.date): window for window in old}
        found = (w for w in plan.windows(self._studio, extended, since, now))
        return {
            w: _NOT_RUNNING if w.start < self._began else _NO_PLAN
            for w in found
            if not _was_told(w, told.get((w.schedule_id, w.date)), now, before)
            and self._is_late(w, plan, now, before)
        }

    def reason(self, window: Window, running: Recording | None) -> Reason | None:
        """Why what came before `running` is missing: an earlier recorder was starting it in that
        window; None if it was not begun there, or not by an earlier one."""
        if running is None or self._began is None:
            return None
        is_known = window.start <= running.started_at < min(window.end, self._began)
        return _STARTING if is_known else None

    def _is_late(self, window: Window, plan: Plan, now: float, before: float) -> bool:
        """Whether it was asked for before it was over, and so long ago that it should be known."""
        began = self._began or now
        wanted_from = plan.wanted_from(window.schedule_id)
        # Accounts of what is long over are not kept, unless it went by before this process began.
        is_kept = window.end <= began or window.end > now - KEPT_SECONDS
        is_old = wanted_from < max(began, before - WATCHED_SECONDS)
        return is_kept and is_old and wanted_from < window.end


def _was_told(window: Window, old: Window | None, now: float, before: float) -> bool:
    """Whether the plan before asked for everything of the window up to now, or the window as it
    was then had not ended at the last look."""
    if old is None or old.start > window.start:
        return False
    return min(window.end, now) <= old.end or before < old.end
