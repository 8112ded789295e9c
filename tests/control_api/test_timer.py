"""The timer calls what is meant for one process only in that one."""

from __future__ import annotations

import threading

from control_api.timer import Timer
from tests.running import eventually


def test_what_is_done_in_one_process_waits_for_the_lease() -> None:
    leads, calls = threading.Event(), {"one": 0, "each": 0}

    def count(name: str) -> None:
        calls[name] += 1

    timer = Timer(leads.is_set)
    timer.every(0.05, "one", lambda: count("one"), in_one=True)
    timer.every(0.05, "each", lambda: count("each"))
    timer.start()
    try:
        eventually(lambda: calls["each"] >= 3)
        assert calls["one"] == 0
        leads.set()
        eventually(lambda: calls["one"] >= 1)
    finally:
        timer.stop()
