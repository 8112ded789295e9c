"""The windows of schedules, worked out from the wall clock alone: independent of the product."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from control_api.schedules.windows import Schedule


def fires(schedule: Schedule, day: date) -> bool:
    """Whether it has a window that begins on this local date."""
    wanted = day.weekday() in schedule.weekdays or day in schedule.add
    return wanted and day not in schedule.skip


def bounds(schedule: Schedule, day: date) -> tuple[int, int]:
    """The first second at which the wall shows the start or later, and the same for the end."""
    last_day = day if schedule.end > schedule.start else day + timedelta(1)
    first = _shows(schedule.zone, day, schedule.start)
    last = _shows(schedule.zone, last_day, schedule.end, is_end=True)
    return first, last if last > first else first + (schedule.end - schedule.start) % 86_400


def _shows(zone: ZoneInfo, day: date, seconds: int, *, is_end: bool = False) -> int:
    shown = datetime.combine(day, datetime.min.time()) + timedelta(seconds=seconds)
    moment = int(shown.replace(tzinfo=zone).timestamp())
    if datetime.fromtimestamp(moment, zone).replace(tzinfo=None) == shown or is_end:
        return moment
    # It does not exist: the first second that shows more.
    while datetime.fromtimestamp(moment - 1, zone).replace(tzinfo=None) > shown:
        moment -= 1
    return moment
