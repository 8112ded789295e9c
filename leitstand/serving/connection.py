"""One accepted connection: its address, its phase, and its deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
from collections.abc import Callable
from typing import Any

from starlette.types import Scope

REQUEST_SECONDS = 10.0
"""The time for a connection's first bytes and for a complete header."""
UNAUTHORISED_ANSWER_SECONDS = 60.0
CLOSING_SECONDS = 30.0
"""The time a client has to take the rest of an answer after which the connection is closed."""
BODY_SECONDS = 30.0
BODY_BYTES_PER_SECOND = 1_000

STATE_KEY = "leitstand.connection"
"""The key of a connection in the `state` of its requests' scopes."""


class Phase(enum.Enum):
    """The part of a request that is awaited or handled; ANSWER includes an open WebSocket."""

    IDLE = enum.auto()
    HEADER = enum.auto()
    BODY = enum.auto()
    ANSWER = enum.auto()


class Connection:
    """One accepted connection; for the event loop's thread only, except `on_authorised`."""

    def __init__(self, sock: socket.socket, address: str, now: float) -> None:
        self.address = address
        self.since = now
        self.phase = Phase.IDLE
        self.is_authorised = False
        self.transport: asyncio.Transport | None = None
        self.received = 0
        """Bytes, since the connection was accepted."""
        self.on_authorised: Callable[[], None] = lambda: None
        self.descriptor = sock.fileno()
        self._socket = sock
        self._closing_since: float | None = None
        self._measured_at = now
        self._measured_bytes = 0

    def enter(self, phase: Phase, now: float) -> None:
        if phase is self.phase:
            return
        # Without an authorised request, idle time counts as time for the header.
        begins_header = (self.phase, phase) == (Phase.IDLE, Phase.HEADER)
        if self.is_authorised or not begins_header:
            self.since = now
        self.phase = phase
        self._measure(now)

    def is_overdue(self, now: float) -> bool:
        if self.transport is not None and self.transport.is_closing():
            return self._is_closing_too_long(now)
        waited = now - self.since
        match self.phase:
            case Phase.IDLE:
                return not self.is_authorised and waited >= REQUEST_SECONDS
            case Phase.HEADER:
                return waited >= REQUEST_SECONDS
            case Phase.BODY:
                return self._is_too_slow(now)
        return not self.is_authorised and waited >= UNAUTHORISED_ANSWER_SECONDS

    def cut(self) -> None:
        """Abort the connection. asyncio closes its descriptor in its next turn."""
        if self.transport is not None:
            self.transport.abort()
        else:
            # asyncio has the socket, perhaps for a TLS handshake, and closes it when it reads EOF.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _is_closing_too_long(self, now: float) -> bool:
        if self._closing_since is None:
            self._closing_since = now
        return now - self._closing_since >= CLOSING_SECONDS

    def _is_too_slow(self, now: float) -> bool:
        """Whether a body was too slow in a period of BODY_SECONDS; periods follow each other."""
        is_read = self.transport is None or self.transport.is_reading()
        if not is_read:
            # The application does not read the body; the client is not slow.
            self._measure(now)
        seconds = now - self._measured_at
        if seconds < BODY_SECONDS:
            return False
        got = self.received - self._measured_bytes
        self._measure(now)
        return got < BODY_BYTES_PER_SECOND * seconds

    def _measure(self, now: float) -> None:
        self._measured_at = now
        self._measured_bytes = self.received


def report_authorised(scope: Scope) -> None:
    """Count the connection of a request as authorised from now on; from any thread.

    Does nothing where connections are not counted, as in tests without a server.
    """
    state: dict[str, Any] = scope.get("state") or {}
    connection = state.get(STATE_KEY)
    if isinstance(connection, Connection):
        connection.on_authorised()
