"""Limits on the connections to the recorder's socket, in number and in time without the secret."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

MOST = 64
"""The most connections that have sent the secret, and the most that have not."""
UNAUTHORISED_SECONDS = 10.0


class CommandConnections:
    """The open connections; above a limit the oldest one is shut down. Thread-safe.

    The thread that serves a connection reads its end after that, and closes it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By when they were accepted; with that time.
        self._unauthorised: dict[socket.socket, float] = {}
        # By since when they have been waiting for a request.
        self._idle: dict[socket.socket, None] = {}
        self._busy: set[socket.socket] = set()

    def admit(self, connection: socket.socket) -> None:
        """Count a new connection; above the limit the oldest unauthorised one is shut down."""
        with self._lock:
            if len(self._unauthorised) >= MOST:
                logger.warning(
                    "recorder: %d connections without an authorised request; the oldest are closed",
                    len(self._unauthorised),
                )
                self._cut(next(iter(self._unauthorised)))
            self._unauthorised[connection] = self._clock()

    def authorise(self, connection: socket.socket) -> None:
        """Note that a connection has sent the secret; above the limit one idle is shut down.

        Where none is idle, the new one stays among the unauthorised.
        """
        with self._lock:
            if connection in self._unauthorised and self._has_place():
                del self._unauthorised[connection]
                self._busy.add(connection)
            elif connection in self._idle:
                del self._idle[connection]
                self._busy.add(connection)

    def is_unauthorised(self, connection: socket.socket) -> bool:
        with self._lock:
            return connection not in self._busy and connection not in self._idle

    def answered(self, connection: socket.socket) -> None:
        """Note that the connection waits for its next request."""
        with self._lock:
            if connection in self._busy:
                self._busy.remove(connection)
                self._idle[connection] = None

    def leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._forget(connection)

    def cut_overdue(self) -> None:
        """Shut down the connections that have not sent the secret in time."""
        with self._lock:
            latest = self._clock() - UNAUTHORISED_SECONDS
            for connection in [
                each for each, since in self._unauthorised.items() if since < latest
            ]:
                self._cut(connection)

    def _has_place(self) -> bool:
        if len(self._idle) + len(self._busy) < MOST:
            return True
        logger.warning("recorder: no more than %d authorised connections", MOST)
        if self._idle:
            self._cut(next(iter(self._idle)))
            return True
        return False

    def _cut(self, connection: socket.socket) -> None:
        self._forget(connection)
        # It may have gone by itself.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def _forget(self, connection: socket.socket) -> None:
        self._unauthorised.pop(connection, None)
        self._idle.pop(connection, None)
        self._busy.discard(connection)
