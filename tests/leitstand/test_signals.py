"""SIGINT and SIGTERM end a process, whichever of its threads the kernel gives them to."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.running import process

WAITING = """
import threading, time
from leitstand.signals import stop_event

def spin():
    while True:
        time.sleep(0.001)

stop = stop_event()
for _ in range(8):
    threading.Thread(target=spin, daemon=True).start()
print("waits", flush=True)
stop.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_while_the_process_is_stopped_ends_it(number: signal.Signals) -> None:
    for _ in range(5):
        with process((sys.executable, "-c", WAITING)) as child:
            child.find("(waits)")
            for each in (signal.SIGSTOP, number, signal.SIGCONT):
                child.send(each)
            assert child.wait() == 0
