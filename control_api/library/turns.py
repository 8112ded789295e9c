"""Work that takes a while: so much at once, some waits, and the rest is told to come again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from control_api.errors import Unavailable


class Turns:
    """`at_once` work, `waiting` more wait for up to `seconds`. What others are told is `said`, and
    that they may come `again` after so many seconds."""

    def __init__(
        self, at_once: int, waiting: int, seconds: float, *, said: str, again: int
    ) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._seats = threading.BoundedSemaphore(waiting)
        self._seconds = seconds
        self._said = said
        self._again = again

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold it while working. Raises Unavailable where too many do, or wait."""
        with self.seat():
            if not self._free.acquire(timeout=self._seconds):
                raise self._busy()
        try:
            yield
        finally:
            self._free.release()

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Hold it while waiting, which keeps others from being served. Raises Unavailable."""
        if not self._seats.acquire(blocking=False):
            raise self._busy()
        try:
            yield
        finally:
            self._seats.release()

    def _busy(self) -> Unavailable:
        return Unavailable(f"{self._said}; try again", {"Retry-After": str(self._again)})
