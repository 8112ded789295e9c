"""Hands on the events that other processes wrote: the recorder, or another API."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from control_api.events.history import EventHistory
from control_api.events.service import EventService

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.25
_LOST_SECONDS = 1.0
_JOIN_SECONDS = 2.0
_PAGE = 200


class EventTail:
    """A thread that looks for new rows; what happened before it began is history."""

    def __init__(self, events: EventService, history: EventHistory) -> None:
        self._events = events
        self._history = history
        self._last: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        self._look()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        pause = _LOOK_SECONDS
        while not self._stop.wait(pause):
            pause = _LOOK_SECONDS if self._look() else _LOST_SECONDS

    def _look(self) -> bool:
        """Whether the database answered."""
        try:
            if self._last is None:
                self._last = self._history.last_id()
            while found := self._history.after(self._last, _PAGE):
                self._events.hand_on(found)
                self._last = found[-1].id
        except SQLAlchemyError as error:
            logger.warning("events cannot be read (%s)", type(error).__name__)
            return False
        return True
