"""Tells what happened: to the database, the log, and whoever listens at the moment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import Clock
from control_api.events.kinds import BAD, Kind
from control_api.events.store import EventStore
from control_api.events.tables import EventRow

logger = logging.getLogger(__name__)

__all__ = ["Event", "EventService", "Kind", "Listener"]

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at `time` (Unix seconds)."""

    id: int
    time: float
    kind: Kind
    studio: str | None
    message: str
    data: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]


class EventService:
    def __init__(self, store: EventStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._listeners: list[Listener] = []
        self._own: set[int] = set()
        """The ids of events of this process that the tail has not come to yet."""

    def tell(self, kind: Kind, studio: str | None, message: str, **data: Any) -> Event:
        """Keep it, log it, hand it on. `message` is a sentence for people."""
        row = EventRow(
            time=self._clock.now(), kind=str(kind), studio=studio, message=message, data=data
        )
        level = logging.WARNING if kind in BAD else logging.INFO
        logger.log(level, "%s%s", f"{studio}: " if studio else "", message)
        # In the order of their ids: who comes back asks for all after the last that it saw.
        with self._telling:
            event = self._kept(row)
            if event.id:
                self._own.add(event.id)
            self._call_listeners(event)
        return event

    def hand_on(self, events: Sequence[Event]) -> None:
        """Hand on what was read from the database, unless it was handed on when it was told."""
        with self._telling:
            for event in events:
                if event.id in self._own:
                    self._own.discard(event.id)
                else:
                    self._call_listeners(event)

    def _call_listeners(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _kept(self, row: EventRow) -> Event:
        try:
            return _event(self._store.add(row))
        except SQLAlchemyError as error:
            # What it is about must go on, above all when the disk is full.
            logger.error("this event could not be kept: %s", type(error).__name__)
            return Event(0, row.time, Kind(row.kind), row.studio, row.message, row.data)

    def forget(self, days: float) -> None:
        """Keep only the last so many days."""
        self._store.forget(self._clock.now() - days * _DAY)

    def newest(
        self,
        limit: int = 100,
        before: int | None = None,
        kind: Kind | None = None,
        studio: str | None = None,
    ) -> Sequence[Event]:
        """Newest first."""
        equal = {"kind": kind and str(kind), "studio": studio}
        wanted = {key: value for key, value in equal.items() if value is not None}
        return [_event(row) for row in self._store.newest(limit, before, **wanted)]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call it, from any thread, with whatever happens from now on; returns what ends that.

        It must neither block nor raise.
        """
        with self._lock:
            self._listeners = [*self._listeners, listener]

        def end() -> None:
            with self._lock:
                self._listeners = [one for one in self._listeners if one is not listener]

        return end


def _event(row: EventRow) -> Event:
    return Event(row.id, row.time, Kind(row.kind), row.studio, row.message, row.data)
