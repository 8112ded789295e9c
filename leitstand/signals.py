"""Ctrl-C and SIGTERM as an event that the main thread waits for."""

from __future__ import annotations

import signal
import socket
import threading

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def stop_event() -> threading.Event:
    """An event that SIGINT and SIGTERM set; to be called from the main thread.

    Python runs handlers in the main thread alone, and the kernel may give a signal to any other
    one, as it does to a process that was stopped: the main thread, in its wait, would not learn of
    it. So what is waited for is the byte that Python writes when a signal arrives.
    """
    stop = threading.Event()
    arrived, writer = socket.socketpair()
    writer.setblocking(False)

    def wait_for_one(_: socket.socket) -> None:
        # To the end: a later signal must not be written into what has got the closed one's number.
        while True:
            if arrived.recv(1)[0] in _NUMBERS:
                stop.set()

    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    for number in _NUMBERS:
        signal.signal(number, lambda number, frame: None)
    threading.Thread(target=wait_for_one, args=(writer,), name="signals", daemon=True).start()
    return stop
