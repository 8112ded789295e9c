"""For how long a studio should have recorded and did, and since when it does without a break."""

from __future__ import annotations

from control_api.recorder.observation import Observation, Progress
from control_api.recorder.recording import Recording

_SEEN_SECONDS = 5.0
"""Of a longer pause between two looks no more than this is counted."""


class Uptime:
    """The counters of one studio, in seconds since the start of this process."""

    def __init__(self) -> None:
        self.desired_seconds = self.verified_seconds = 0.0
        self._since: tuple[float, float] | None = None
        self._uid: str | None = None
        self._was_seen = False

    def count(self, elapsed: float | None, *, desired: bool, verified: bool) -> None:
        """Add the time since the last look."""
        passed = min(max(elapsed or 0.0, 0.0), _SEEN_SECONDS)
        if desired:
            self.desired_seconds += passed
            self.verified_seconds += passed if verified else 0.0

    def recording_since(
        self, running: Recording | None, now: float, monotonic: float, elapsed: float | None
    ) -> float | None:
        """Since when `running` records without a break, as the wall clock is set now."""
        if running is None:
            self._since, self._was_seen = None, True
            return None
        is_next_file = running.offset > 0
        if self._since is None or (running.uid != self._uid and not is_next_file):
            began = running.running_since
            if self._since is None and self._was_seen and elapsed is not None:
                # It did not run, or was not healthy, at the last look.
                began = max(began, now - elapsed)
            began = min(began, now)
            self._since = began, monotonic - (now - began)
        self._uid = running.uid
        wall, steady = self._since
        # A clock that was set moves the one and not the other.
        return min(wall, now - (monotonic - steady))


def healthy(row: Recording | None, seen: Observation | None) -> Recording | None:
    """The recording, if it is one whose data arrive."""
    if row is None or seen is None or not seen.active or seen.paused:
        return None
    return row if seen.progress is Progress.HEALTHY else None
