"""How a schedule is written: weekdays, clock times and dates as text, in bodies and in rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from control_api.schedules.windows import DAY

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2199, 12, 31)

_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_clock(text: object) -> int:
    """Local seconds of the day of `HH:MM` or `HH:MM:SS`; 86400 for 24:00. Raises ValueError."""
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (99, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if total > DAY or minutes > 59 or seconds > 59:
        raise ValueError("must be a time of day, HH:MM or HH:MM:SS, up to 24:00")
    return total


def parse_start(text: object) -> int:
    """As `parse_clock`, but a window cannot begin at 24:00."""
    seconds = parse_clock(text)
    if seconds == DAY:
        raise ValueError("a window cannot begin at 24:00: write 00:00 and the weekday after")
    return seconds


def clock_text(seconds: int) -> str:
    """`HH:MM`, with seconds where there are some."""
    shown = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{shown}:{seconds % 60:02}" if seconds % 60 else shown


def parse_date(text: object) -> date:
    """A date of `YYYY-MM-DD`. Raises ValueError."""
    wrong = f"must be a date, YYYY-MM-DD, {FIRST_DATE} to {LAST_DATE}"
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise ValueError(wrong)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(wrong) from None
    if not FIRST_DATE <= day <= LAST_DATE:
        raise ValueError(wrong)
    return day


def parse_weekdays(names: Iterable[str]) -> frozenset[int]:
    """Monday is 0."""
    return frozenset(WEEKDAYS.index(name) for name in names)


def weekday_names(weekdays: Iterable[int]) -> list[str]:
    return [WEEKDAYS[number] for number in sorted(weekdays)]


def date_texts(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]
