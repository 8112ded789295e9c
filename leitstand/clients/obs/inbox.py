"""What came from OBS since somebody last looked."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_INPUTS = 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """`data` may hold anything that is set in OBS, so it is in no repr."""

    name: str
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Level:
    """The loudest of all channels and moments, as multipliers: 1.0 is full scale.

    A muted input has only `input_peak`, which is measured before fader and mute.
    """

    magnitude: float
    peak: float
    input_peak: float

    def merged(self, other: Level) -> Level:
        return Level(
            max(self.magnitude, other.magnitude),
            max(self.peak, other.peak),
            max(self.input_peak, other.input_peak),
        )


@dataclass(frozen=True, slots=True)
class News:
    """`events` are the newest, oldest first; `levels` are by input.

    After a reconnect, or when more came than there is room for, `is_incomplete`: poll everything
    anew. Inputs that are not active, or have no sound at all, have no level.
    """

    events: tuple[Event, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)
    is_incomplete: bool = False


class Inbox:
    """Filled by one thread and emptied by another. Levels take no room from events."""

    def __init__(self, room: int) -> None:
        self._came = threading.Condition()
        self._events: deque[Event] = deque(maxlen=room)
        self._levels: dict[str, Level] = {}
        self._is_incomplete = False
        self._is_closed = False

    def put(self, event: Event) -> None:
        with self._came:
            self._is_incomplete |= len(self._events) == self._events.maxlen
            self._events.append(event)
            self._came.notify_all()

    def put_levels(self, levels: Mapping[str, Level]) -> None:
        with self._came:
            for name, level in levels.items():
                if known := self._levels.get(name):
                    self._levels[name] = known.merged(level)
                elif len(self._levels) < _MOST_INPUTS:
                    self._levels[name] = level

    def mark_incomplete(self) -> None:
        with self._came:
            self._is_incomplete = True
            self._came.notify_all()

    def take(self, wait: float) -> News:
        """All that came, waiting for an event or mark if there is none."""
        with self._came:
            self._came.wait_for(self._is_worth_a_look, wait)
            news = News(tuple(self._events), self._levels, self._is_incomplete)
            self._events.clear()
            self._levels = {}
            self._is_incomplete = False
        return news

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._came:
            self._is_closed = True
            self._came.notify_all()

    def _is_worth_a_look(self) -> bool:
        return bool(self._events) or self._is_incomplete or self._is_closed
