"""Ctrl-C and SIGTERM as an event that the main thread waits for."""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue


def stop_event() -> threading.Event:
    """An event that SIGINT and SIGTERM set; to be called from the main thread."""
    stop = threading.Event()
    caught: SimpleQueue[int] = SimpleQueue()

    def wait_for_one() -> None:
        caught.get()
        stop.set()

    threading.Thread(target=wait_for_one, name="signals", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not `stop.set`: that would wait for ever for a lock which the interrupted `stop.wait`
        # may hold. `put` is made to be called at any point.
        signal.signal(number, lambda number, frame: caught.put(number))
    return stop
