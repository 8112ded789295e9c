"""When a recording that loses data is ended, so that the next one begins."""

from __future__ import annotations

from control_api.recorder.observation import Observation, Progress

_FIRST_SECONDS = 30.0
_LONGEST_SECONDS = 300.0


class Restarts:
    """The restarts of one studio's recording within a window.

    A dead muxer is replaced at once; the next times after 30 s, doubling up to 5 min. An OBS in
    which nothing grows for 60 s is asked to stop once per recording. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._pause = 0.0
        self._not_before = float("-inf")
        self._hung_path: str | None = None

    def reset(self) -> None:
        """The window is over."""
        self._pause, self._not_before, self._hung_path = 0.0, float("-inf"), None

    def is_due(self, seen: Observation, now: float) -> bool:
        """Whether this recording is to be ended now."""
        if seen.progress is Progress.MUXER_DEAD:
            return now >= self._not_before
        return seen.progress is Progress.HUNG and self._hung_path != _identity(seen)

    def note(self, seen: Observation, now: float) -> None:
        """It was asked to end."""
        if seen.progress is Progress.HUNG:
            self._hung_path = _identity(seen)
        elif seen.progress is Progress.MUXER_DEAD:
            self._pause = min(max(_FIRST_SECONDS, 2 * self._pause), _LONGEST_SECONDS)
            self._not_before = now + self._pause


def _identity(seen: Observation) -> str:
    return seen.path or ""
