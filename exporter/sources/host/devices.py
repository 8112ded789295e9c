"""Devices that come and go, and their totals."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.counters import Counters, Reading
from exporter.sources.host.machine import Counts

LIMIT = 50
_REMEMBERED = 1_000


class Devices:
    """The totals of at most `limit` devices, which only grow.

    A device stays watched until it is gone: no swarm of new ones pushes it out.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._watched: list[str] = []
        self._counters = Counters(_REMEMBERED)

    def update(self, shown: Mapping[str, Counts]) -> Mapping[str, Mapping[str, float]]:
        """The totals of the watched devices, by the names that their counters have."""
        staying = [name for name in self._watched if name in shown]
        coming = [name for name in shown if name not in staying]
        self._watched = [*staying, *coming][: self._limit]
        # Each value by itself: one that wrapped at 32 bits says nothing about the others.
        self._counters.update(
            [
                Reading((name, field), (value,), name, (field,))
                for name in self._watched
                for field, value in shown[name].items()
            ]
        )
        return {name: self._totals(name) for name in self._watched}

    def _totals(self, name: str) -> Mapping[str, float]:
        return {field: total or 0.0 for (field,), (total,) in self._counters.of(name)}
