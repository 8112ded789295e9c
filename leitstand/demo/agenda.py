"""What is due when: acts that happen at their own moment, however far apart the clock is read."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

Act = Callable[[], object]


class Agenda:
    """Time is seconds since the first `advance`."""

    def __init__(self, rng: random.Random) -> None:
        self.now = 0.0
        self._epoch: float | None = None
        self._random = rng
        self._order = itertools.count()
        self._due: list[tuple[float, int, Act]] = []

    def advance(self, wall: float) -> bool:
        """False if no time has passed."""
        if self._epoch is None:
            self._epoch = wall
        target = wall - self._epoch
        if target <= self.now:
            return False
        while self._due and self._due[0][0] <= target:
            self.now, _, act = heapq.heappop(self._due)
            act()
        self.now = target
        return True

    def wall(self, moment: float) -> float:
        return (self._epoch or 0.0) + moment

    def after(self, seconds: float, act: Act) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), act))

    def every(self, seconds: float, act: Act) -> None:
        """Again and again, roughly this far apart."""

        def again() -> None:
            act()
            self.after(seconds * self._random.uniform(0.7, 1.3), again)

        self.after(seconds * self._random.uniform(0.5, 1.0), again)
