"""What a test knows of an evening: its own log, second by second, and what the product reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from control_api.recorder.desired_state import WindowKey
from control_api.recorder.runs import Run
from control_api.schedules.windows import Schedule
from tests.control_api.recorder.wall_windows import bounds, fires


@dataclass(frozen=True, slots=True)
class Second:
    """One second of an evening: what was so when the recorder looked, if it did.

    `windows` are those of this moment, with their ends; `path` is the file that OBS records;
    `unsure`: an order was given, and whether it was followed is not known yet.
    """

    wall: int
    runs: bool
    faults: frozenset[str]
    windows: Mapping[WindowKey, int]
    stopped: frozenset[WindowKey]
    by_hand: bool
    act: str | None
    path: str | None
    unsure: bool = False

    @property
    def wanted(self) -> bool:
        """A stop ends what runs, also where it is taken back in the same second."""
        asked = self.by_hand or bool(self.windows.keys() - self.stopped)
        return asked and self.act != "stop"

    @property
    def sees(self) -> bool:
        """Whether the recorder sees what OBS does."""
        return self.runs and not self.is_away

    @property
    def seen(self) -> str | None:
        """The file that the recorder sees being recorded."""
        return self.path if self.sees else None

    @property
    def is_away(self) -> bool:
        return bool(self.faults & {"obs killed", "obs hangs"})


class Event(Protocol):
    """An event as it is stored."""

    @property
    def time(self) -> float: ...
    @property
    def kind(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """`edits` are when what a schedule asks for was changed: (its id, second).

    `unplayable` are files in which the test itself found no frame.
    `rows` are the files of the recordings on record; those in `required` must be among them, and
    nothing that is not in `possible`.
    """

    begin: int
    log: Sequence[Second]
    recorded: Sequence[bool]
    edits: Sequence[tuple[int, int]]
    rows: Sequence[str]
    required: frozenset[str]
    possible: frozenset[str]
    events: Sequence[Event]
    runs: Sequence[Run]
    unplayable: frozenset[str] = frozenset()


class Operators:
    """What operators want, as they were told that it was accepted."""

    def __init__(self) -> None:
        self.start_until: int | None = None
        self.stop_until = 0
        self.stopped: frozenset[WindowKey] = frozenset()
        self.extended: dict[WindowKey, int] = {}

    def expire(self, wall: int, windows: Mapping[WindowKey, int]) -> None:
        """Forget what is over."""
        if self.start_until is not None and wall >= self.start_until:
            self.start_until = None
        if wall >= self.stop_until and not self.stopped & windows.keys():
            self.stopped = frozenset()
        self.extended = {key: until for key, until in self.extended.items() if until > wall}

    def start(self, until: int) -> None:
        self.start_until, self.stopped = until, frozenset()

    def stop(self, windows: Mapping[WindowKey, int]) -> None:
        self.start_until, self.stopped = None, frozenset(windows)
        self.stop_until = max(windows.values(), default=0)

    def extend(self, until: int, windows: Mapping[WindowKey, int]) -> None:
        """The start by hand, or else the windows that run last."""
        if self.start_until is not None:
            self.start_until = until
            return
        last = max(windows.values())
        self.extended |= {key: until for key, end in windows.items() if end == last}

    def follow_schedule(self) -> None:
        self.start_until, self.stopped, self.extended = None, frozenset(), {}


def active_windows(
    schedules: Sequence[Schedule], extended: Mapping[WindowKey, int], wall: int
) -> dict[WindowKey, int]:
    """Those that contain a moment, with their ends, by the wall clock alone."""
    found: dict[WindowKey, int] = {}
    for schedule in schedules:
        today = datetime.fromtimestamp(wall, schedule.zone).date()
        for day in (today - timedelta(1), today, today + timedelta(1)):
            first, last = _bounds(schedule, day.isoformat()) if schedule.enabled else (0, 0)
            key = (schedule.id, day.isoformat())
            last = max(last, extended.get(key, 0))
            if first and first <= wall < last:
                found[key] = last
    return found


@cache
def _bounds(schedule: Schedule, day: str) -> tuple[int, int]:
    on = datetime.fromisoformat(day).date()
    return bounds(schedule, on) if fires(schedule, on) else (0, 0)
