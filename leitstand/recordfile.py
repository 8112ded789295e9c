"""Whether the record file grows: OBS's own word is not enough.

It reports growing bytes while the file stands still, if its muxer died or the disk hangs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from leitstand.calls import Call

# Muxers write in blocks: nothing that stands still for less than this is stalled.
_SHORTEST_STALL_SECONDS = 6.0
_BLOCK_BYTES = 128 * 1024
# Until a recording has run for a while its bitrate is not known.
_FIRST_STALL_SECONDS = 13.0
_STAT_SECONDS = 1.0
_JUST_NOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Growth:
    """`file_bytes` is None where the file cannot be seen; then OBS's byte count is looked at."""

    file_bytes: int | None
    last_growth: float
    stalled: bool


class RecordFile:
    """Follows one recording after the other. `folder` is where this machine sees OBS's folder."""

    def __init__(self, folder: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._path: Path | None = None
        self._size = Call("record file", self._stat)
        self._highest = -1.0
        self._grew_at: float | None = None
        self._duration = 0.0

    def begins(self, output_path: str | None, directory: str | None) -> None:
        """A new recording; OBS's path is mapped by stripping its record directory."""
        self._path, self._highest, self._grew_at, self._duration = None, -1.0, None, 0.0
        if self._folder is not None and output_path:
            self._path = self._folder / below(output_path, directory)

    def ends(self) -> None:
        self.begins(None, None)

    def look(self, obs_bytes: float, duration: float, *, paused: bool) -> Growth:
        """One look at a recording that runs; times are Unix times, `duration` seconds."""
        if duration < self._duration:
            # Another recording than last time, whose beginning nobody told.
            self.begins(None, None)
        self._duration = duration
        now = self._clock()
        size = self._see()
        counted = obs_bytes if size is None else size
        if counted > self._highest or self._grew_at is None or paused:
            self._highest, self._grew_at = max(counted, self._highest), now
        still = now - self._grew_at
        return Growth(size, self._grew_at, still > patience(obs_bytes, duration))

    def _see(self) -> int | None:
        if self._folder is None:
            return None
        # A dead network mount must not hold the poll.
        self._size.start()
        return self._size.answer(time.monotonic() + _STAT_SECONDS)

    def _stat(self) -> int:
        if self._path is None:
            self._path = self._newest()
        return self._path.stat().st_size

    def _newest(self) -> Path:
        """The recording that ran already when we came: the file that was written to last."""
        assert self._folder is not None
        files = [entry for entry in os.scandir(self._folder) if entry.is_file()]
        newest = max(files, key=lambda entry: entry.stat().st_mtime, default=None)
        if newest is None or newest.stat().st_mtime < self._clock() - _JUST_NOW_SECONDS:
            raise FileNotFoundError("no file here is being written")
        return Path(newest.path)


def patience(obs_bytes: float, duration: float) -> float:
    """For how many seconds a healthy recording of that bitrate may stand still."""
    if duration < _SHORTEST_STALL_SECONDS or obs_bytes <= 0:
        return _FIRST_STALL_SECONDS
    return max(_SHORTEST_STALL_SECONDS, _BLOCK_BYTES / (obs_bytes / duration))


def below(path: str, directory: str | None) -> str:
    """OBS's path without its record directory, whichever system OBS runs on; never a way out."""
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    pure = kind(path)
    inside = directory is not None and pure.is_relative_to(kind(directory))
    parts = pure.relative_to(kind(directory)).parts if inside and directory else (pure.name,)
    return pure.name if ".." in parts else "/".join(parts)
