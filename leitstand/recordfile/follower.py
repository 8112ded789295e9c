"""The record files on the disk: measured at each look, also across splits, with a deadline."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

from leitstand.calls import Call
from leitstand.recordfile.location import locate, sibling
from leitstand.recordfile.progress import Counts, Progress, ProgressJudge
from leitstand.recordfile.splits import SplitSearch, can_hold, is_same_kind

_DISK_SECONDS = 1.0
_LOOKS_MISSED = 3
_LONGEST_STEP_SECONDS = 10.0
_FRESH_SECONDS = 5.0
"""A recording that is not longer when it is first seen cannot have been split yet."""
_SUSPICIOUS = 1 / 3
"""Of the usual lag: from there on the files beside this one are watched."""
_FRAGMENTED = (".mp4", ".mov", ".m4v", ".m3u8")


@dataclass(frozen=True, slots=True)
class Growth:
    """What one look showed.

    `file_bytes` is None where the file cannot be seen; then only OBS's counts are judged.
    `last_growth` is a Unix time by the wall clock of this moment.
    """

    file_bytes: int | None
    last_growth: float
    progress: Progress
    still_seconds: float


@dataclass(frozen=True, slots=True)
class SplitFile:
    """One file of a recording: OBS's path, and where this machine sees it."""

    path: str
    file: Path | None


class RecordFile:
    """Follows one recording after the other. `folder` is where this machine sees OBS's folder.

    `interval` is how often looks are made, in seconds; events may bring more.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        interval: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._monotonic, self._now = monotonic, now
        self._longest_step = max(_LONGEST_STEP_SECONDS, _LOOKS_MISSED * interval)
        # A dead network mount must not hold the look.
        self._measuring = Call("record file", self._measure)
        self._listing = Call("record folder", self._list)
        self.end()

    def end(self) -> None:
        """No recording is known."""
        self._path: str | None = None
        self._directory: str | None = None
        self._file: Path | None = None
        self._earlier: list[SplitFile] = []
        self._earlier_bytes = self._bytes = 0
        self._search: SplitSearch | None = None
        self._duration = 0.0
        self._dated: tuple[float, float] | None = None
        self._judge = ProgressJudge(longest_step=self._longest_step)

    def begin(self, path: str, directory: str | None) -> None:
        """A recording whose file OBS calls `path`; `directory` is OBS's record directory."""
        self.end()
        self._path, self._directory = path or None, directory
        in_fragments = PurePath(path).suffix.lower() in _FRAGMENTED
        self._judge = ProgressJudge(longest_step=self._longest_step, in_fragments=in_fragments)

    def go_on_in(self, path: str) -> None:
        """The recording was split: it goes on in the file that OBS calls `path`."""
        if self._path is None or not path or path in {each.path for each in self.files}:
            return
        self._earlier.append(SplitFile(self._path, self._file))
        self._earlier_bytes += self._bytes
        self._path, self._file, self._bytes = path, None, 0
        self._judge.next_file()
        if self._search is not None:
            self._search.forget()

    @property
    def path(self) -> str | None:
        """OBS's path of the file that is written now."""
        return self._path

    @property
    def file(self) -> Path | None:
        """The same file as this machine sees it, whether it exists or not."""
        return self._file

    @property
    def files(self) -> tuple[SplitFile, ...]:
        """All files of this recording, in order."""
        current = [SplitFile(self._path, self._file)] if self._path is not None else []
        return (*self._earlier, *current)

    def look(self, obs_bytes: float, duration: float, *, paused: bool) -> Growth:
        """One look at a recording that runs, with the counts that OBS gave just before."""
        if duration < self._duration:
            # Another recording than last time, whose start was not reported.
            self.end()
        self._duration = duration
        size = self._size(obs_bytes)
        at = self._monotonic()
        progress = self._judge.look(at, Counts(obs_bytes, duration, size, paused))
        if size is not None and self._follow(obs_bytes):
            progress = Progress.HEALTHY
        return Growth(size, self._last_growth(at), progress, self._judge.still_seconds)

    def _last_growth(self, at: float) -> float:
        """When it last grew, by the wall clock of now; the same until it grows or that is set."""
        grew_at = self._judge.grew_at
        dated = self._now() - (at - grew_at)
        if self._dated is None or self._dated[0] != grew_at or abs(self._dated[1] - dated) > 1.0:
            self._dated = (grew_at, dated)
        return self._dated[1]

    def _size(self, obs_bytes: float) -> int | None:
        """The size of the file; None if it cannot be seen, or is another file of that name."""
        if self._folder is None or self._path is None:
            return None
        self._measuring.start()
        measured = self._measuring.answer(time.monotonic() + _DISK_SECONDS)
        if measured is None:
            return None
        self._file, size = measured
        # An old file of the same name, in another folder than OBS records into, tells nothing.
        if size is None or not can_hold(size, obs_bytes):
            return None
        self._bytes = size
        return size

    def _measure(self) -> tuple[Path, int | None]:
        """The file, and its size if it exists.

        Runs in a thread of its own, and changes nothing here.
        """
        path, folder = self._path, self._folder
        file = locate(path, self._directory, folder) if path and folder else None
        if file is None:
            raise FileNotFoundError("it would lie outside of the folder")
        try:
            status = file.stat()
        except OSError:
            return file, None
        return file, status.st_size if stat.S_ISREG(status.st_mode) else None

    def _follow(self, obs_bytes: float) -> bool:
        """Go over to the file that follows, if this one is no longer written; True if so."""
        judge, search = self._judge, self._search
        if search is None:
            names = self._listed()
            if names is not None:
                is_fresh = self._duration <= _FRESH_SECONDS
                self._search = SplitSearch(frozenset(names) if is_fresh else None)
            return False
        if judge.lag <= judge.limit * _SUSPICIOUS:
            return False
        search.see(self._listed() or {})
        if judge.lag <= judge.limit:
            return False
        following = search.following(self._not_in_files(obs_bytes))
        sizes = search.sizes
        for name in following:
            self._go_over_to(name, sizes[name])
        return bool(following)

    def _not_in_files(self, obs_bytes: float) -> float:
        """What OBS counted and the files so far do not hold; all, if there were some before."""
        if self._search is None or self._search.present is None:
            return obs_bytes
        # What containers add adds up over hours, so it may hide what is new.
        return max(self._judge.lag, obs_bytes - self._earlier_bytes - self._bytes)

    def _go_over_to(self, name: str, size: int) -> None:
        path, file = self._path, self._file
        if path is not None and file is not None:
            self.go_on_in(sibling(path, name))
            self._file, self._bytes = file.with_name(name), size

    def _listed(self) -> dict[str, int] | None:
        self._listing.start()
        return self._listing.answer(time.monotonic() + _DISK_SECONDS)

    def _list(self) -> dict[str, int]:
        """The files that could follow this one, with their sizes where these matter.

        Runs in a thread of its own, and changes nothing here.
        """
        file, search = self._file, self._search
        if file is None:
            raise FileNotFoundError("where the file lies is not known")
        known = {each.file.name for each in self._earlier if each.file} | {file.name}
        known |= (search.present or frozenset()) if search is not None else frozenset()
        with os.scandir(file.parent) as entries:
            return {
                entry.name: _size(entry) if search is not None else 0
                for entry in entries
                if entry.name not in known and is_same_kind(entry.name, file.name)
            }


def _size(entry: os.DirEntry[str]) -> int:
    """Its size; 0 if it has gone since, or is no file."""
    try:
        return entry.stat().st_size if entry.is_file() else 0
    except OSError:
        return 0
