"""The thread that asks for snapshots, for as long as the service runs."""

from __future__ import annotations

import logging
import threading
import time

from control_api.streams.service import StreamService
from leitstand.feed import Feed, FeedError

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 10.0
_AGAIN_SECONDS = 0.2
# Every source of an exporter is a change of its own: what comes in a bunch is told at once.
_LEAST_SECONDS = 0.4
_JOIN_SECONDS = 1.0


class Follower:
    def __init__(
        self, feed: Feed, streams: StreamService, *, least: float = _LEAST_SECONDS
    ) -> None:
        self._feed = feed
        self._streams = streams
        self._least = least
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="streams", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._feed.abort()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        after = None
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                snapshot = self._feed.next(after, _WAIT_SECONDS)
                if snapshot is not None:
                    after = snapshot["sequence"]
                    self._streams.heard(snapshot)
            except FeedError as error:
                self._failed(str(error))
            except Exception:
                logger.exception("a snapshot cannot be understood")
                self._failed("a snapshot cannot be understood; is the exporter of this version?")
            self._stop.wait(max(0.0, self._least - (time.monotonic() - began)))
        self._feed.close()

    def _failed(self, error: str) -> None:
        if not self._stop.is_set():
            self._streams.failed(error)
            self._stop.wait(_AGAIN_SECONDS)
