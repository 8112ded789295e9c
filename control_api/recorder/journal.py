"""A durable mapping from keys to JSON values: what the recorder must not forget.

Changes are made in memory and written by a thread of its own, so that no disk holds up the
recorder. The first of several folders that takes them is used; the others stand in while it does
not. At the start the newest valid content of all folders is read.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from control_api.recorder.segments import SEGMENT_BYTES, Full, Gone, Segments

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 5.0
_HANG_SECONDS = 5.0
_CROWDED = 0.7
"""From this share of the reserve on, what may be merged is."""

Merge = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """`error` says why nothing can be written, and `since` when that began (monotonic seconds)."""

    place: Path | None
    error: str | None = None
    since: float | None = None


class Journal:
    """Used by any number of threads; only `load`, `start` and `stop` by the owner.

    `places` are folders, the preferred one first. `merge` is called when the reserve is nearly
    used up, and returns what is to be kept.
    """

    def __init__(
        self, places: Sequence[Path], *, size: int = SEGMENT_BYTES, merge: Merge = lambda all_: all_
    ) -> None:
        self._segments = [(place, Segments(place, size)) for place in places]
        self._merge = merge
        self._values: dict[str, Any] = {}
        self._changed: dict[str, Any] = {}
        self._wake = threading.Condition()
        self._generation = 0
        self._used: int | None = None
        self._began_at = 0.0
        self._error: str | None = None
        self._error_since: float | None = None
        self._busy_since: float | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def load(self) -> Mapping[str, Any]:
        """The newest content of all places. Reads files; to be called before `start`."""
        best: tuple[int, list[bytes]] = (0, [])
        for place, segments in self._segments:
            try:
                records = segments.read()
            except OSError as error:
                logger.warning("journal: %s cannot be read (%s)", place, error.strerror)
                continue
            best = max(best, (segments.generation, records), key=lambda each: each[0])
        self._generation = best[0]
        for record in best[1]:
            key, value = msgspec.json.decode(record, type=tuple[str, Any])
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
        return dict(self._values)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Write what is left, as long as that takes no longer than `timeout`."""
        with self._wake:
            self._is_over = True
            self._wake.notify_all()
        self._thread.join(timeout)

    def put(self, key: str, value: Any) -> None:
        """Set a value; None deletes the key. Never waits for the disk."""
        with self._wake:
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
            self._changed[key] = value
            self._wake.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until everything is written; False if that takes longer."""
        with self._wake:
            return self._wake.wait_for(
                lambda: not self._changed and self._busy_since is None, timeout
            )

    @property
    def health(self) -> JournalHealth:
        """Whether changes reach a disk, as far as is known now."""
        with self._wake:
            place = None if self._used is None else self._segments[self._used][0]
            busy = self._busy_since
            if busy is not None and time.monotonic() - busy > _HANG_SECONDS:
                return JournalHealth(place, "its disk does not answer", busy)
            return JournalHealth(place, self._error, self._error_since)

    def _run(self) -> None:
        try:
            self._write_until_over()
        finally:
            for _, segments in self._segments:
                segments.close()

    def _write_until_over(self) -> None:
        self._keep(begin_again=True)
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._changed or self._is_over, _RETRY_SECONDS)
                if self._is_over and (not self._changed or self._error):
                    return
            is_away = self._used != 0 and time.monotonic() - self._began_at > _RETRY_SECONDS
            self._keep(begin_again=is_away)

    def _keep(self, *, begin_again: bool) -> None:
        """Write what has changed; beginning again moves it to the best place that there is."""
        with self._wake:
            changed, self._changed = self._changed, {}
            values = dict(self._values)
            self._busy_since = time.monotonic()
        try:
            if begin_again or not self._append(changed):
                self._begin_again(values)
        except Exception as error:
            self._failed(changed, error)
        else:
            self._succeeded()
        with self._wake:
            self._busy_since = None
            self._wake.notify_all()
            if self._error is not None:
                self._wake.wait_for(lambda: self._is_over, _RETRY_SECONDS / 10)

    def _append(self, changed: Mapping[str, Any]) -> bool:
        """False if they have to go to another segment or place."""
        if self._used is None:
            return False
        place, segments = self._segments[self._used]
        try:
            segments.append(map(_encoded, changed.items()))
        except Gone:
            logger.warning("journal: its files in %s were removed or replaced", place)
            # To say where it is kept from now on.
            self._used = None
            return False
        except (Full, OSError):
            return False
        return True

    def _begin_again(self, values: dict[str, Any]) -> None:
        """Write everything into the first place that takes it. Raises the last place's error."""
        failure: Exception = OSError("there is no place for the journal")
        self._began_at = time.monotonic()
        # By the clock, so that a place that could not be read at the start is older than this.
        generation = max(self._generation + 1, int(time.time()))
        for number, (place, segments) in enumerate(self._segments):
            try:
                self._rewrite(segments, values, generation)
            except (Full, OSError) as error:
                failure = error
                continue
            if self._used != number:
                logger.info("journal: kept in %s", place)
            self._used, self._generation = number, generation
            return
        self._used = None
        raise failure

    def _rewrite(self, segments: Segments, values: dict[str, Any], generation: int) -> None:
        records = [_encoded(item) for item in values.items()]
        if sum(map(len, records)) > _CROWDED * SEGMENT_BYTES:
            values = self._merge(values)
            with self._wake:
                self._values = values
            records = [_encoded(item) for item in values.items()]
        segments.rewrite(records, generation)
        segments.reserve_other()

    def _failed(self, changed: dict[str, Any], error: Exception) -> None:
        reason = getattr(error, "strerror", None) or type(error).__name__
        with self._wake:
            self._changed = changed | self._changed
            if self._error is None:
                self._error_since = time.monotonic()
                logger.warning("journal: cannot be written anywhere (%s); kept in memory", reason)
            self._error = str(reason)

    def _succeeded(self) -> None:
        with self._wake:
            if self._error is not None:
                logger.info("journal: written again")
            self._error = self._error_since = None


def _encoded(item: tuple[str, Any]) -> bytes:
    return msgspec.json.encode(item)
