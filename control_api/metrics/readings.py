"""What the metrics are made of, read when the page is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from control_api.metrics.times import Times


@dataclass(frozen=True, slots=True)
class StudioReading:
    """One studio's recording; the seconds are counted since the recorder began.

    `faults` are the codes of what is wrong now.
    """

    studio: str
    desired: bool
    active: bool
    stalled: bool
    desired_seconds: float
    verified_seconds: float
    faults: Sequence[str] = ()
    is_controlled_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class RecorderReading:
    """The recorder's process; None is what cannot be known while it is away."""

    is_up: bool
    started_at: float | None = None
    is_journal_writable: bool | None = None
    pending_entries: int | None = None


@dataclass(frozen=True, slots=True)
class DatabaseReading:
    """The database; None is what was not looked at yet."""

    is_writable: bool | None
    is_fresh: bool | None


@dataclass(frozen=True, slots=True)
class ScheduleReading:
    """One studio's schedules; `next_start` is Unix seconds, None if no window is to come."""

    studio: str
    seconds_next_day: float
    next_start: float | None
    missed: int


@dataclass(frozen=True, slots=True)
class LibraryReading:
    """What there is, and what retention took since the start, by reason."""

    videos: int
    bytes: int
    deleted: Mapping[str, int]


Counts = Callable[[], Mapping[tuple[str, str], float]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the readings come from.

    `outcomes` counts recordings by studio and outcome, `jobs` those that there are by kind and
    state, `ended` those that are over since the start by kind and outcome, `clips` how long each
    clip took that was made since the start.
    """

    recorder: Callable[[], RecorderReading]
    database: Callable[[], DatabaseReading]
    studios: Callable[[], Sequence[StudioReading]]
    schedules: Callable[[], Sequence[ScheduleReading]]
    outcomes: Counts
    library_bytes: Callable[[], float | None]
    library: Callable[[], LibraryReading]
    jobs: Counts
    ended: Counts
    clips: Callable[[], Times | None] = lambda: None
