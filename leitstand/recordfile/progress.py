"""The judgement of a running recording by the data that is lost. No I/O, and no clock of its own.

Times are seconds of a monotonic clock; durations are seconds of the recording, as OBS counts them.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

KIB = 1024
SLOW_SECONDS = 15.0
HUNG_SECONDS = 60.0
CONFIRMING_LOOKS = 3
CLOSEST_LOOKS_SECONDS = 0.5
"""Looks that follow each other faster, as they do at events, count as one."""
HEADER_BYTES = 16 * KIB
"""A file that is not larger holds no picture yet."""
_HISTORY_STEP_SECONDS = 0.25
_HISTORY_SECONDS = 30.0
_LEARNED_MARGIN = 1.25
_NEAR = 0.75
"""Of the limit: looks from there on, without any growth of the file, confirm each other."""


class Progress(enum.Enum):
    """How a running recording gets on, judged by the data that is lost."""

    HEALTHY = "healthy"
    """Data arrives in the file, or has been missing for a shorter time than is unusual."""
    MUXER_DEAD = "muxer_dead"
    """OBS's byte count runs ahead of the file: what OBS encodes now is lost."""
    SLOW = "slow"
    """Neither OBS's counts nor the file have grown for 15 s: slow, or hung."""
    HUNG = "hung"
    """The same for 60 s: a stop is worth a try."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of one look. `file_bytes` is None where the file cannot be seen.

    The file must be measured after OBS was asked, so that it is never the older of the two.
    """

    bytes: float
    duration: float
    file_bytes: int | None
    paused: bool = False


class CountHistory:
    """What OBS counted lately, by its own duration."""

    def __init__(self) -> None:
        self._entries: deque[tuple[float, float]] = deque()

    def add(self, duration: float, counted: float) -> None:
        entries = self._entries
        if not entries or duration - entries[-1][0] >= _HISTORY_STEP_SECONDS:
            entries.append((duration, counted))
        while len(entries) > 1 and entries[1][0] <= duration - _HISTORY_SECONDS:
            entries.popleft()

    def last(self, seconds: float, duration: float, counted: float) -> float:
        """The bytes of the last seconds of the recording; of all that is known, if that is less."""
        before = self._entries[0] if self._entries else (duration, counted)
        for entry in self._entries:
            if entry[0] > duration - seconds:
                break
            before = entry
        return counted - before[1]


class ProgressJudge:
    """Judges one recording, look by look.

    `longest_step`: looks that are further apart confirm nothing, because this process did not run
    meanwhile. `in_fragments`: the file may grow only once for each group of pictures.
    """

    def __init__(self, *, longest_step: float = 10.0, in_fragments: bool = False) -> None:
        self._longest_step = longest_step
        self._in_fragments = in_fragments
        self._history = CountHistory()
        self._last: Counts | None = None
        self._looked_at = 0.0
        self._grew_at = 0.0
        self._still_seconds, self._still_looks = 0.0, 0
        self._file_bytes: int | None = None
        self._has_grown = False
        self._base = (0.0, 0.0)
        self._usual = float("inf")
        self._learned = (0.0, 0.0)
        self._confirmations, self._confirmed_at = 0, float("-inf")
        self.lag = self.limit = 0.0

    @property
    def grew_at(self) -> float:
        """When anything was last seen to grow in the file; where it is not visible, in OBS."""
        return self._grew_at

    @property
    def still_seconds(self) -> float:
        """For how long nothing has grown, as far as somebody looked."""
        return self._still_seconds

    def next_file(self) -> None:
        """The recording goes on in another file."""
        self._file_bytes = None
        self._confirmations, self._still_seconds, self._still_looks = 0, 0.0, 0

    def look(self, now: float, counts: Counts) -> Progress:
        """Judge by one more look."""
        step = now - self._looked_at if self._last is not None else 0.0
        attended = step <= self._longest_step
        grew_in_obs = self._grew_in_obs(counts)
        grew_in_file = counts.file_bytes is not None and counts.file_bytes > (self._file_bytes or 0)
        self._history.add(counts.duration, counts.bytes)
        self._measure_lag(counts, grew_in_file)
        self.limit = self._limit(counts)
        self._count_standstill(step, attended, counts.paused or grew_in_obs or grew_in_file)
        visible_growth = grew_in_obs if counts.file_bytes is None else grew_in_file
        if visible_growth or counts.paused or self._last is None:
            self._grew_at = now
        self._confirm(now, attended, counts.file_bytes is not None, grew_in_obs)
        self._last, self._looked_at = counts, now
        return self._progress()

    def _grew_in_obs(self, counts: Counts) -> bool:
        last = self._last
        return last is None or counts.bytes > last.bytes or counts.duration > last.duration

    def _measure_lag(self, counts: Counts, grew: bool) -> None:
        """How much OBS has counted since the file last grew."""
        size = counts.file_bytes
        if grew and self._file_bytes is not None and size is not None:
            self._has_grown |= size > HEADER_BYTES
            if self.lag > self._usual:
                self._learned = (self.lag, counts.duration - self._base[1])
        if grew or counts.paused or self._file_bytes is None:
            self._base = (counts.bytes, counts.duration)
        if size is not None:
            self._file_bytes = max(size, self._file_bytes or 0)
        self.lag = counts.bytes - self._base[0]

    def _limit(self, counts: Counts) -> float:
        """The bytes that a healthy recording may be ahead of its file.

        A muxer keeps a block and a Matroska cluster of 5 s to itself, and while it is stopped for
        a moment its pipe fills. Some write larger blocks, or a whole group of pictures at a time:
        that shows in the first data, for which more time is given, and is learned from it.
        """

        def last(seconds: float) -> float:
            return self._history.last(seconds, counts.duration, counts.bytes)

        limit = self._usual = max(64 * KIB + last(7), min(128 * KIB + last(8), last(12)))
        if not self._has_grown:
            limit = max(limit, 256 * KIB + last(6), last(22) if self._in_fragments else 0.0)
        learned_bytes, learned_seconds = (_LEARNED_MARGIN * learned for learned in self._learned)
        if counts.duration - self._base[1] <= learned_seconds:
            learned_bytes = max(learned_bytes, self.lag)
        return max(limit, learned_bytes)

    def _count_standstill(self, step: float, attended: bool, grew: bool) -> None:
        if grew:
            self._still_seconds, self._still_looks = 0.0, 0
        elif attended:
            self._still_seconds += step
            self._still_looks += 1

    def _confirm(self, now: float, attended: bool, is_visible: bool, grew_in_obs: bool) -> None:
        if self.lag <= self.limit * _NEAR or not attended or not is_visible:
            self._confirmations = 0
        elif grew_in_obs and now - self._confirmed_at >= CLOSEST_LOOKS_SECONDS:
            self._confirmations += 1
            self._confirmed_at = now

    def _progress(self) -> Progress:
        if self._confirmations >= CONFIRMING_LOOKS and self.lag > self.limit:
            return Progress.MUXER_DEAD
        if self._still_looks >= CONFIRMING_LOOKS and self._still_seconds >= HUNG_SECONDS:
            return Progress.HUNG
        if self._still_looks >= CONFIRMING_LOOKS and self._still_seconds >= SLOW_SECONDS:
            return Progress.SLOW
        return Progress.HEALTHY
