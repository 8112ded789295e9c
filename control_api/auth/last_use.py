"""Notes when tokens were used, in the background: nobody waits for it."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from control_api.auth.store import AuthStore
from control_api.threads import Worker

logger = logging.getLogger(__name__)


class LastUse:
    """What the database does not take is dropped; the next use is noted again."""

    def __init__(self, store: AuthStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: dict[int, float] = {}
        self._fails = False
        self._worker = Worker("last use", self._write)

    def note(self, number: int, at: float) -> None:
        """A token was used at that time (Unix seconds)."""
        with self._lock:
            self._waiting[number] = at
        self._worker.wake()

    def stop(self, timeout: float) -> None:
        """Give what waits a moment to be written."""
        self._worker.rest(timeout)

    def _write(self) -> bool:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return False
        try:
            self._store.used(waiting)
        except SQLAlchemyError as error:
            if not self._fails:
                logger.warning("when tokens are used is not noted (%s)", type(error).__name__)
            self._fails = True
            return False
        self._fails = False
        return True
