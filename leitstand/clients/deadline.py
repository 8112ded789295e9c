"""A bound on a whole HTTP exchange.

`requests` bounds each read from the socket, so a server that sends one byte a second is never
late. Here the connection itself is shut down when the time is up, which wakes the reading thread.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose open connections can be cut off by a deadline."""

    def __init__(self) -> None:
        self._connections: set[HTTPConnection] = set()
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool_class(HTTPConnectionPool, HTTPConnection, self._connections),
            "https": _pool_class(HTTPSConnectionPool, HTTPSConnection, self._connections),
        }

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[threading.Event]:
        """Cut every connection off when `seconds` have passed; the event tells that it was."""
        passed = threading.Event()
        timer = threading.Timer(seconds, self._pass, (passed,))
        timer.daemon = True
        timer.start()
        try:
            yield passed
        finally:
            timer.cancel()

    def cut_off(self) -> None:
        """Shut every open connection down; whoever reads from one gets an error at once."""
        for connection in tuple(self._connections):
            if (sock := connection.sock) is not None:
                with contextlib.suppress(OSError):
                    # Not the method of an SSLSocket, which would take its state away from
                    # under the thread that reads from it.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _pass(self, passed: threading.Event) -> None:
        passed.set()
        self.cut_off()


def _pool_class(pool: type[Any], base: type[Any], open_connections: set[HTTPConnection]) -> type:
    class Connection(base):  # type: ignore[misc]
        """Known to the adapter as long as it is open."""

        def connect(self) -> None:
            open_connections.add(self)
            super().connect()

        def close(self) -> None:
            open_connections.discard(self)
            super().close()

    return type(f"Deadline{pool.__name__}", (pool,), {"ConnectionCls": Connection})
