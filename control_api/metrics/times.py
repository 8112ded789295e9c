"""How long things took, counted into buckets: what a histogram is made of. Only grows."""

from __future__ import annotations

import bisect
from collections.abc import Sequence


class Times:
    """`bounds` are the upper ends of the buckets in seconds, in their order, without infinity.

    Whoever shares one between threads holds a lock.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self.total = 0.0
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def add(self, seconds: float) -> None:
        """One more; a bound belongs to its own bucket."""
        self._counts[bisect.bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Of each its bound and how many took that long at most, as prometheus_client wants it."""
        found, so_far = [], 0
        bounds = (*map(str, self._bounds), "+Inf")
        for bound, count in zip(bounds, self._counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found
