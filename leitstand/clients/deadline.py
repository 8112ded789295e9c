"""A bound on a whole HTTP exchange.

`requests` bounds each read from the socket, so a server that sends one byte a second is never
late. Here the socket itself is shut down when the time is up, which wakes the reading thread.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# To connect within nothing at all would be an error of another kind.
_SHORTEST_SECONDS = 0.001


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter with one connection at a time, which can be cut off at any moment."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._ends_at = math.inf
        self._is_aborted = False
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool_class(HTTPConnectionPool, HTTPConnection, self),
            "https": _pool_class(HTTPSConnectionPool, HTTPSConnection, self),
        }

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed, or everything was aborted."""
        return self._is_aborted or time.monotonic() >= self._ends_at

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Cut the connection off when `seconds` have passed."""
        self._ends_at = time.monotonic() + seconds
        timer = threading.Timer(seconds, self._cut_off)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._ends_at = math.inf

    def abort(self) -> None:
        """Make what is being asked, and all that is asked later, fail at once."""
        self._is_aborted = True
        self._cut_off()

    def left_of(self, seconds: float) -> float:
        """As much of them as the deadline leaves."""
        return max(min(seconds, self._ends_at - time.monotonic()), _SHORTEST_SECONDS)

    def connected(self, sock: socket.socket) -> None:
        """The socket that is asked through from now on; refused if it comes too late."""
        self._socket = sock
        if self.is_over:
            raise TimeoutError

    def _cut_off(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which would take its state away from
                # under the thread that reads from it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _pool_class(pool: type[Any], base: type[Any], adapter: DeadlineAdapter) -> type:
    class Connection(base):  # type: ignore[misc]
        """Tells the adapter its socket, since an answer may outlive the connection."""

        timeout: float

        def connect(self) -> None:
            # During a TLS handshake there is no socket to shut down, only this to bound it.
            self.timeout = adapter.left_of(self.timeout)
            super().connect()
            adapter.connected(self.sock)

    return type(f"Deadline{pool.__name__}", (pool,), {"ConnectionCls": Connection})
