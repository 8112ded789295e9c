"""The newest snapshot with bitrates and its last minutes, and whether its source still speaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from control_api.clock import Clock
from control_api.errors import NotFound, Unavailable
from control_api.streams.change import change
from control_api.streams.history import History
from control_api.streams.hub import Hub
from control_api.streams.rates import Rates

logger = logging.getLogger(__name__)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeedState:
    """Whether snapshots come, since when (Unix seconds) that is so, and why not."""

    connected: bool
    since: float
    error: str | None

    def as_json(self) -> Json:
        return {"connected": self.connected, "since": self.since, "error": self.error}


class StreamService:
    """Fed by one thread; asked by any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rates = Rates()
        self._history = History()
        self._lock = threading.Lock()
        self._latest: Json | None = None
        self._feed = FeedState(False, clock.now(), "nobody was asked yet")
        self.hub = Hub(lambda: {"feed": self._feed.as_json(), "data": self._latest})

    @property
    def feed(self) -> FeedState:
        return self._feed

    def heard(self, snapshot: Json) -> None:
        """The next snapshot."""
        self._rates.add(snapshot)
        with self._lock:
            self._history.add(snapshot)
        before = self._latest
        if before is None or not self._feed.connected:
            self._tell(FeedState(True, self._clock.now(), None), snapshot)
            logger.info("the streams are seen")
            return
        told = {"type": "change", "time": snapshot["time"], **change(before, snapshot)}
        self.hub.put(told, lambda: self._set(snapshot))

    def failed(self, error: str) -> None:
        """No snapshot comes; what was known stays, and says since when."""
        if not self._feed.connected and self._feed.error == error:
            return
        since = self._clock.now() if self._feed.connected else self._feed.since
        logger.warning("%s: the streams are not seen", error)
        self._tell(FeedState(False, since, error), self._latest)

    def latest(self) -> Json:
        """The snapshot and its `feed`. Raises Unavailable before the first."""
        if self._latest is None:
            raise Unavailable(f"no snapshot of the streams yet: {self._feed.error}")
        return {**self._latest, "feed": self._feed.as_json()}

    def paths(self) -> Iterator[tuple[Json, Json]]:
        """Every path, with its server. Raises Unavailable."""
        for server in self.latest()["servers"]:
            for path in server["paths"]:
                yield server, path

    def path(self, server: str, name: str) -> tuple[Json, Json]:
        """Raises NotFound, Unavailable."""
        for of, path in self.paths():
            if (of["name"], path["name"]) == (server, name):
                return of, path
        raise NotFound(f"there is no path {name!r} on the server {server!r}; GET /api/streams")

    def minutes(self, server: str, path: str) -> Mapping[str, Any]:
        """The last ten of a path."""
        with self._lock:
            return self._history.path(server, path)

    def hour(self) -> Mapping[str, Any]:
        """The last one, of everything that matters."""
        with self._lock:
            return self._history.totals()

    def _tell(self, feed: FeedState, snapshot: Json | None) -> None:
        """Of its source, and after a pause the whole: who knows for how long nothing was seen."""

        def apply() -> None:
            self._feed = feed
            self._latest = snapshot

        message = {"type": "feed", **feed.as_json()}
        if feed.connected:
            message = {"type": "whole", "feed": feed.as_json(), "data": snapshot}
        self.hub.put(message, apply)

    def _set(self, snapshot: Json) -> None:
        self._latest = snapshot
