"""When to try again after a failure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from leitstand.clients.obs.errors import ObsError, WrongPassword

_FIRST_SECONDS = 0.25
_LONGEST_SECONDS = 3.0
# To try the same password again helps nobody, and looks like an attack.
_WRONG_PASSWORD_SECONDS = 30.0


class Backoff:
    """Doubles from failure to failure; a little at random, so that many do not come at once."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.error: ObsError | None = None
        self._monotonic = monotonic
        self._chance = chance
        self._seconds = _FIRST_SECONDS
        self._until = 0.0

    @property
    def left(self) -> float:
        """Seconds until the next try; 0 if it may be now."""
        return max(0.0, self._until - self._monotonic())

    def failed(self, error: ObsError) -> None:
        self.error = error
        if isinstance(error, WrongPassword):
            self._until = self._monotonic() + _WRONG_PASSWORD_SECONDS
            return
        self._until = self._monotonic() + self._seconds * (0.75 + 0.25 * self._chance())
        self._seconds = min(2 * self._seconds, _LONGEST_SECONDS)

    def succeeded(self) -> None:
        self.error = None
        self.retry()

    def retry(self) -> None:
        """The next try may be now."""
        self._seconds = _FIRST_SECONDS
        self._until = 0.0
