"""The time, as something that is handed in: tests have one of their own.

Inside, every point in time is Unix seconds; outside it is ISO 8601 with an offset.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Unix seconds; may jump."""

    def monotonic(self) -> float:
        """Seconds that never jump."""


class SystemClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def local(seconds: float, zone: tzinfo = UTC) -> datetime:
    """Unix seconds as a time with an offset, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), zone)
