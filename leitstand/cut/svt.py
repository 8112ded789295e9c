"""SVT-AV1, opened without what it does to the process: real-time priority, lines on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_LEVEL = "SVT_LOG"
_ERRORS = "1"


@contextlib.contextmanager
def opening() -> Iterator[None]:
    """Opens the encoder in the block: quiet, unless the environment says how much it prints, and
    with the scheduling of before.

    As root it makes the thread that opens it and all of its own real-time ones, which leave no
    time to others.
    """
    is_quiet = _LEVEL not in os.environ
    os.environ.setdefault(_LEVEL, _ERRORS)
    try:
        with _usual_priority():
            yield
    finally:
        if is_quiet:
            del os.environ[_LEVEL]


@contextlib.contextmanager
def _usual_priority() -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    before = _threads()
    policy, usual = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for thread in (_threads() - before) | {threading.get_native_id()}:
            # One that has ended since has no priority.
            with contextlib.suppress(ProcessLookupError):
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, usual)


def _threads() -> set[int]:
    return {int(one.name) for one in Path("/proc/self/task").iterdir()}
