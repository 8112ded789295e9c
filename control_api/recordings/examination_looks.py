"""What one process remembers between two looks at the file of a recording. No I/O."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

Stat = tuple[int, int]
"""Size in bytes, time of the last change in nanoseconds."""

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 8.0


@dataclass(slots=True)
class Look:
    """A file was seen with `stat` (None: it was not there) since `since`, and is looked at next at
    `next_at`, which is `pause` after the last look. Times are monotonic."""

    stat: Stat | None = None
    since: float | None = None
    next_at: float = float("-inf")
    pause: float = _FIRST_PAUSE_SECONDS


class Looks:
    """The looks at all files, by the id of the recording; used by several threads."""

    def __init__(self, monotonic: Callable[[], float], at_once: int) -> None:
        self._monotonic = monotonic
        self._at_once = at_once
        self._lock = threading.Lock()
        self._looks: dict[int, Look] = {}
        self._absent: dict[Path, float] = {}
        self._busy: set[int] = set()

    def begin(self, recording_id: int, folder: Path) -> bool:
        """Whether it is time for a look, and not too many are made at once; `end` ends it."""
        now = self._monotonic()
        with self._lock:
            due = max(self._look(recording_id).next_at, self._absent.get(folder, now))
            if recording_id in self._busy or len(self._busy) >= self._at_once or now < due:
                return False
            self._busy.add(recording_id)
        return True

    def end(self, recording_id: int) -> None:
        with self._lock:
            self._busy.discard(recording_id)

    def quiet_seconds(self, recording_id: int, stat: Stat | None) -> float:
        """For how long the file has been as it is now, as far as was seen."""
        now = self._monotonic()
        with self._lock:
            look = self._look(recording_id)
            if look.since is None or look.stat != stat:
                look.stat, look.since, look.pause = stat, now, _FIRST_PAUSE_SECONDS
            return now - look.since

    def postpone(self, recording_id: int, seconds: float | None = None) -> None:
        """Look again after so many seconds, or else after a pause that doubles every time."""
        with self._lock:
            look = self._look(recording_id)
            pause = look.pause if seconds is None else seconds
            look.next_at = self._monotonic() + pause
            look.pause = min(2 * look.pause, _LONGEST_PAUSE_SECONDS)

    def postpone_folder(self, folder: Path, seconds: float) -> None:
        """Look for the files of a folder again after so many seconds."""
        with self._lock:
            self._absent[folder] = self._monotonic() + seconds

    def forget(self, recording_id: int) -> None:
        """Begin again with one recording."""
        with self._lock:
            self._looks.pop(recording_id, None)
            self._absent.clear()

    def keep_only(self, recording_ids: Collection[int]) -> None:
        """Drop what is known of all others."""
        with self._lock:
            known = self._looks.items()
            self._looks = {key: look for key, look in known if key in recording_ids}

    def _look(self, recording_id: int) -> Look:
        return self._looks.setdefault(recording_id, Look())
