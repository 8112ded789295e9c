"""A time of day, once a day."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo

# A machine that slept at that time must not do it when it is woken hours later.
LATEST_SECONDS = 300.0


class Daily:
    """Asked every second or so whether that time has just come, in the zone's local time.

    Of the two 02:30 of a night in autumn the first counts; the one that a night in spring does
    not have counts as 03:30.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._before: float | None = None
        self._came_on: date | None = None

    def has_come(self, at: str | None, now: float) -> bool:
        """`at` is `HH:MM`, None for never; `now` is Unix seconds. Each day once, clock or not."""
        before, self._before = self._before, now
        if at is None or before is None:
            return False
        today = datetime.fromtimestamp(now, self._zone).date()
        wanted = datetime.combine(today, time.fromisoformat(at), self._zone).timestamp()
        if not before < wanted <= now < wanted + LATEST_SECONDS or self._came_on == today:
            return False
        self._came_on = today
        return True
