"""The listening socket and the sockets that it accepts."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from leitstand.addresses import neighbourhood
from leitstand.config import ConfigError, Listen
from leitstand.serving.connection import Connection
from leitstand.serving.connections import Connections

ACCEPTED_AT_ONCE = 4
"""Connections accepted in one turn of the event loop. Few, so that requests are read before many
newer connections arrive, and cut connections are closed before their descriptors are missed."""
_QUEUE = 2_048
# Without it the kernel buffers megabytes of an answer for a client that does not read.
_MOST_UNSENT_BYTES = 128 * 1024
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 1.0


class AcceptedSocket(socket.socket):
    """A socket that calls `on_close` once when it is closed."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        super().close()
        if self.on_close is not None:
            on_close, self.on_close = self.on_close, None
            on_close()


class CountingSocket(socket.socket):
    """A listening socket for asyncio that counts the connections it accepts.

    They are counted here because asyncio calls the protocol only after the TLS handshake.
    """

    def __init__(self, sock: socket.socket, connections: Connections) -> None:
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self._connections = connections
        self._exhausted_at = float("-inf")

    def listen(self, backlog: int = _QUEUE, /) -> None:
        """Keep the long queue: asyncio passes the number it accepts in one turn as backlog."""
        super().listen(max(backlog, _QUEUE))

    def accept(self) -> tuple[AcceptedSocket, Any]:
        try:
            plain, peer = super().accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._note_exhaustion()
            raise
        accepted = AcceptedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        now = self._connections.clock()
        connection = Connection(accepted, neighbourhood(str(peer[0])), now)
        accepted.on_close = partial(self._connections.closed, connection)
        self._connections.admit(connection)
        return accepted, peer

    def _note_exhaustion(self) -> None:
        """Let asyncio see one such error a second: for each one it logs a traceback, accepts
        nothing for a second, and then starts to accept once more."""
        now = self._connections.clock()
        if now - self._exhausted_at < _PAUSE_SECONDS / 2:
            raise BlockingIOError
        self._exhausted_at = now
        self._connections.relieve()


def listening(listen: Listen, key: str) -> socket.socket:
    """A socket that listens. Raises ConfigError that names `key`."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # Of a socket that is not said to be TCP, asyncio does not know that it may set TCP_NODELAY:
    # each answer on a connection that is kept would be 40 ms late.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT_BYTES)
    try:
        sock.bind((listen.host, listen.port))
        sock.listen(_QUEUE)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"{key}: {listen} cannot be listened on ({error.strerror}); "
            "choose another address or port"
        ) from None
    return sock
