"""uvicorn's HTTP protocol, with reports of a connection's phase."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from leitstand.serving.connection import STATE_KEY, Connection, Phase
from leitstand.serving.connections import Connections


class CountedProtocol(H11Protocol):
    """An HTTP/1.1 protocol that reports its phase; a WebSocket counts as an answer."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        counted: Connections,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._counted = counted
        self._connection: Connection | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = self._counted.of(transport.get_extra_info("socket").fileno())
        connection.transport = transport
        self.app_state = {**self.app_state, STATE_KEY: connection}
        self._connection = connection

    def data_received(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.received += len(data)
        super().data_received(data)
        self._report()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._report()

    def _report(self) -> None:
        if self._connection is not None:
            self._counted.enter(self._connection, phase_of(self.conn))


def phase_of(conn: h11.Connection) -> Phase:
    """The phase that follows from the states of h11's connection."""
    if conn.their_state is h11.SEND_BODY:
        return Phase.BODY
    if conn.their_state is h11.IDLE:
        return Phase.HEADER if conn.trailing_data[0] else Phase.IDLE
    return Phase.ANSWER
