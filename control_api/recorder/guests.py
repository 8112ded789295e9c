"""The connections to the recorder's socket: only so many, and without a secret only for a while."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

MOST = 64
"""So many that have shown the secret, and so many that have not."""
STRANGER_SECONDS = 10.0


class Guests:
    """Used by any number of threads; the oldest of too many connections is cut.

    A connection that is cut ends for the thread that serves it, which closes it then.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # In the order in which they came: since when.
        self._strangers: dict[socket.socket, float] = {}
        # In the order in which they fell silent: those whose next request is waited for.
        self._idle: dict[socket.socket, None] = {}
        self._busy: set[socket.socket] = set()

    def admit(self, guest: socket.socket) -> None:
        """Count a new connection; of too many that show no secret the oldest is cut for it."""
        with self._lock:
            if len(self._strangers) >= MOST:
                logger.warning(
                    "recorder: %d connections without an authorised request; the oldest are closed",
                    len(self._strangers),
                )
                self._cut(next(iter(self._strangers)))
            self._strangers[guest] = self._clock()

    def authorise(self, guest: socket.socket) -> None:
        """Note that its request is authorised; of too many such the one idle longest is cut.

        Where none is idle, the new one stays among those that are not.
        """
        with self._lock:
            if guest in self._strangers and self._has_place():
                del self._strangers[guest]
                self._busy.add(guest)
            elif guest in self._idle:
                del self._idle[guest]
                self._busy.add(guest)

    def is_stranger(self, guest: socket.socket) -> bool:
        with self._lock:
            return guest not in self._busy and guest not in self._idle

    def answered(self, guest: socket.socket) -> None:
        """Note that its next request is waited for."""
        with self._lock:
            if guest in self._busy:
                self._busy.remove(guest)
                self._idle[guest] = None

    def leave(self, guest: socket.socket) -> None:
        with self._lock:
            self._forget(guest)

    def cut_overdue(self) -> None:
        """Cut those that have shown no secret for too long."""
        with self._lock:
            latest = self._clock() - STRANGER_SECONDS
            for guest in [each for each, since in self._strangers.items() if since < latest]:
                self._cut(guest)

    def _has_place(self) -> bool:
        if len(self._idle) + len(self._busy) < MOST:
            return True
        logger.warning("recorder: no more than %d authorised connections", MOST)
        if self._idle:
            self._cut(next(iter(self._idle)))
            return True
        return False

    def _cut(self, guest: socket.socket) -> None:
        self._forget(guest)
        # It may have gone by itself.
        with contextlib.suppress(OSError):
            guest.shutdown(socket.SHUT_RDWR)

    def _forget(self, guest: socket.socket) -> None:
        self._strangers.pop(guest, None)
        self._idle.pop(guest, None)
        self._busy.discard(guest)
