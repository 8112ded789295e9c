"""Hands every snapshot to Redis, for those who look from elsewhere."""

from __future__ import annotations

import logging
import threading
import time

from exporter.snapshot import SnapshotStore
from exporter.view import to_json
from leitstand.feed import FeedError
from leitstand.feed.redis import RedisWriter

logger = logging.getLogger(__name__)

# Sources are polled one after the other: what comes in a bunch is written once.
_LEAST_SECONDS = 0.3
_AGAIN_SECONDS = 0.3
_LOOK_SECONDS = 0.5
_NONE = -1


class Publisher:
    """One thread. A failure is logged when it begins or its reason changes, and when it is over."""

    def __init__(
        self, store: SnapshotStore, writer: RedisWriter, *, least: float = _LEAST_SECONDS
    ) -> None:
        self._store = store
        self._writer = writer
        self._least = least
        self._error: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _run(self) -> None:
        sequence = _NONE
        while not self._stop.is_set():
            latest = self._store.wait(sequence, _LOOK_SECONDS)
            if latest.sequence == sequence:
                continue
            is_written = self._write(to_json(latest, latest.live(time.monotonic()), time.time()))
            # Redis may be back before the next poll is.
            sequence = latest.sequence if is_written else _NONE
            self._stop.wait(self._least if is_written else _AGAIN_SECONDS)
        self._writer.close()

    def _write(self, snapshot: dict[str, object]) -> bool:
        try:
            self._writer.write(snapshot)
        except FeedError as error:
            if str(error) != self._error:
                logger.warning("%s: nobody there sees the streams", error)
            self._error = str(error)
            return False
        if self._error is not None:
            logger.info("snapshots are written to Redis again")
        self._error = None
        return True
