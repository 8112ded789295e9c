"""What is worth knowing about a schedule: overlaps with others, nights on which clocks are set."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from control_api.schedules.windows import (
    DAY,
    SEARCHED_DAYS,
    Calendar,
    Schedule,
    Window,
    change,
    wall,
    windows,
)

CONFLICT_DAYS = 60
MOST_CONFLICTS = 10


@dataclass(frozen=True, slots=True)
class Advice:
    """Windows of others that overlap ours, by start; sentences about unusual nights."""

    conflicts: Sequence[Window]
    notes: Sequence[str]


class Around:
    """The enabled windows of a studio in the days that are searched for conflicts."""

    def __init__(self, calendar: Calendar, now: float) -> None:
        self._windows = calendar.between(now, now + CONFLICT_DAYS * DAY)
        self._starts = [each.start for each in self._windows]
        self._longest = max((each.end - each.start for each in self._windows), default=0)

    def overlapping(self, window: Window) -> Iterator[Window]:
        """Those of other schedules, by start."""
        first = bisect.bisect_left(self._starts, window.start - self._longest)
        last = bisect.bisect_left(self._starts, window.end)
        for each in self._windows[first:last]:
            if each.end > window.start and each.schedule_id != window.schedule_id:
                yield each


def advise(schedule: Schedule, around: Around, now: float) -> Advice:
    """`around` is of the schedule's studio."""
    return Advice(_conflicts(schedule, around, now), list(_notes(schedule, now)))


def _conflicts(schedule: Schedule, around: Around, now: float) -> list[Window]:
    found: dict[tuple[int, float], Window] = {}
    for own in windows(schedule, now, now + CONFLICT_DAYS * DAY):
        for each in around.overlapping(own):
            found[each.schedule_id, each.start] = each
        if len(found) >= MOST_CONFLICTS:
            break
    return list(found.values())[:MOST_CONFLICTS]


def _notes(schedule: Schedule, now: float) -> Iterator[str]:
    told: set[str] = set()
    for moment in _nights(schedule.zone, now):
        for window in windows(schedule, moment - DAY, moment + 2 * DAY):
            if window.end > now and window.date not in told:
                told.add(window.date)
                yield from _about(schedule, window)


def _nights(zone: ZoneInfo, now: float) -> Iterator[float]:
    """Moments, each followed by a change of the clock within a day."""
    days = [now + number * DAY for number in range(-1, SEARCHED_DAYS + 1)]
    offsets = [datetime.fromtimestamp(day, zone).utcoffset() for day in days]
    for number, day in enumerate(days[:-1]):
        if offsets[number] != offsets[number + 1]:
            yield day


def _about(schedule: Schedule, window: Window) -> Iterator[str]:
    day = date.fromisoformat(window.date)
    length = schedule.usual_seconds
    start, end = wall(day, schedule.start), wall(day, schedule.start + length)
    yield from _edge(start, schedule.zone, "recorded from", window.start)
    yield from _edge(end, schedule.zone, "recorded until", window.end)
    longer = window.end - window.start - length
    if longer:
        than = "longer" if longer > 0 else "shorter"
        yield f"the window of {day} lasts {_span(abs(longer))} {than} than usual"


def _edge(shown: datetime, zone: ZoneInfo, what: str, moment: float) -> Iterator[str]:
    jump = change(shown, zone)
    at = f"on {shown:%Y-%m-%d} {_shown(shown)}"
    if jump > 0:
        meant = datetime.fromtimestamp(moment, zone)
        yield f"{at} does not exist in {zone.key}: {what} {_shown(meant)}"
    elif jump < 0:
        yield f"{at} comes twice in {zone.key}: {what} the first of the two"


def _shown(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}".removesuffix(":00")


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
