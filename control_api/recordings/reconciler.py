"""Moves what a studio does towards what it should do, one look at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from control_api.clock import Clock
from control_api.recordings import part
from control_api.recordings.books import Books, healthy
from control_api.recordings.driver import Driver
from control_api.recordings.recorder import Seen
from control_api.recordings.store import RecordingStore
from control_api.recordings.tables import RecordingRow
from control_api.recordings.wish import Override, Wish, stop, wish
from control_api.schedules.windows import Calendar, Window

_SEEN_SECONDS = 5.0
"""Between two looks that are further apart a window may have come and gone."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a studio's recording after a look. Times are Unix seconds."""

    connected: bool
    wish: Wish
    recording: RecordingRow | None
    active: bool = False
    paused: bool = False
    verified: bool = False
    stalled: bool = False
    fault: str | None = None
    desired_seconds: float = 0.0
    verified_seconds: float = 0.0


class Reconciler:
    """One studio. Its methods may be called from any thread; each is one step.

    `calendar` gives the studio's enabled schedules as they are at the moment.
    """

    def __init__(
        self,
        studio: str,
        driver: Driver,
        books: Books,
        store: RecordingStore,
        calendar: Callable[[], Calendar],
        *,
        clock: Clock,
    ) -> None:
        self.lock = threading.RLock()
        self.override = store.override(studio)
        self.status = Status(False, Wish(False, "not looked at yet"), None)
        self._studio = studio
        self._driver = driver
        self._books = books
        self._store = store
        self._calendar = calendar
        self._clock = clock

    def look(self) -> Status:
        """One step: look, compare, act, book."""
        with self.lock:
            now = self._clock.now()
            windows = self._windows(now)
            wanted = self._wish(now, windows)
            seen = self._driver.look()
            if seen is not None:
                self._driver.step(seen, wanted, now)
            self._driver.settle()
            self.status = self._book(now, windows, wanted, seen)
            return self.status

    def want(self, override: Override | None) -> Status:
        """Set what an operator wants, and act on it at once."""
        with self.lock:
            self._set(override)
            self._driver.hurry()
            return self.look()

    def end(self, who: str) -> Status:
        """Stop whatever records now, and leave the windows of this moment be."""
        with self.lock:
            now = self._clock.now()
            self._driver.want_stop(who)
            return self.want(stop(now, self._calendar().at(now), who))

    def _set(self, override: Override | None) -> None:
        self._store.set_override(self._studio, override)
        self.override = override

    def _windows(self, now: float) -> Sequence[Window]:
        """Those of this moment, and those that went by since the last look."""
        before = self._books.looked_at
        if before is None or now - before <= _SEEN_SECONDS:
            return self._calendar().at(now)
        return self._calendar().between(before, now + 0.001)

    def _wish(self, now: float, windows: Sequence[Window]) -> Wish:
        if self.override is not None and now >= self.override.until:
            self._set(None)
        return wish([w for w in windows if w.start <= now < w.end], self.override)

    def _book(
        self, now: float, windows: Sequence[Window], wanted: Wish, seen: Seen | None
    ) -> Status:
        row, faults, books = self._driver.current, self._driver.faults, self._books
        running = healthy(row, seen)
        verified = running is not None and seen is not None and seen.grew
        books.write(now, windows, wanted, running, self._why_not(wanted, seen), verified=verified)
        return Status(
            connected=seen is not None,
            wish=wanted,
            recording=row,
            active=row is not None and seen is not None and seen.active,
            paused=seen is not None and seen.paused,
            verified=verified,
            stalled=seen is not None and seen.stalled,
            fault=faults.shown(matters=wanted.on or row is not None),
            desired_seconds=books.desired_seconds,
            verified_seconds=books.verified_seconds,
        )

    def _why_not(self, wanted: Wish, seen: Seen | None) -> str:
        """Why nothing is recorded at this moment, if nothing is."""
        row, faults = self._driver.current, self._driver.faults
        if seen is None:
            return f"OBS {faults.unreachable}"
        if row is not None and part.is_paused(row):
            return "paused"
        return (faults.fault or "starting") if wanted.on else wanted.reason
