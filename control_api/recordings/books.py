"""What a studio should have recorded and did: windows, seconds, and when we last looked."""

from __future__ import annotations

from collections.abc import Sequence

from control_api.recordings import part
from control_api.recordings.accounts import Accounts
from control_api.recordings.recorder import Seen
from control_api.recordings.store import RecordingStore
from control_api.recordings.tables import RecordingRow
from control_api.recordings.wish import Wish
from control_api.schedules.windows import Window

_BEAT_SECONDS = 10.0
_SEEN_SECONDS = 5.0


class Books:
    """The books of one studio. Seconds count from the start of this process."""

    def __init__(self, studio: str, store: RecordingStore, accounts: Accounts) -> None:
        self.desired_seconds = self.verified_seconds = 0.0
        self.looked_at = store.heartbeat(studio)
        self._studio = studio
        self._store = store
        self._accounts = accounts
        self._beaten_at = float("-inf")
        self._running_since: float | None = None
        self._is_first = True

    def write(
        self,
        now: float,
        windows: Sequence[Window],
        wanted: Wish,
        running: RecordingRow | None,
        why_not: str,
        *,
        verified: bool,
    ) -> None:
        """One look. `running` is what records and is healthy; else `why_not` says why nothing."""
        before = now if self.looked_at is None else self.looked_at
        self._run(running, before, now)
        self._accounts.book(now, windows, self._running_since, why_not)
        passed = min(max(now - before, 0.0), _SEEN_SECONDS)
        if wanted.on:
            self.desired_seconds += passed
            self.verified_seconds += passed if verified else 0.0
        self.looked_at = now
        if not 0 <= now - self._beaten_at < _BEAT_SECONDS:
            self._beaten_at = now
            self._store.beat(self._studio, now)

    def _run(self, running: RecordingRow | None, before: float, now: float) -> None:
        if running is None:
            self._running_since = None
        elif self._running_since is None:
            since = part.runs_since(running)
            # What ran already when this process began has run since it was started.
            self._running_since = since if self._is_first else max(since, min(before, now))
        self._is_first = False


def healthy(row: RecordingRow | None, seen: Seen | None) -> RecordingRow | None:
    """The recording, if it is one that writes."""
    if seen is None or not seen.active or seen.paused or seen.stalled:
        return None
    return row
