"""Python under libfaketime: its `time.sleep` fails or returns at once there.

libfaketime moves the absolute deadline of clock_nanosleep(2) also where the monotonic clock is
not faked. A wait for no descriptor takes a number of seconds instead.
"""

from __future__ import annotations

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
