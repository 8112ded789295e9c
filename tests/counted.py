"""An ASGI application as a server that counts connections calls it."""

from __future__ import annotations

import socket

from starlette.types import ASGIApp, Receive, Scope, Send

from leitstand.serving.connection import STATE_KEY, Connection


class Counted:
    """All requests come by one connection; `reports` counts how often one was authorised."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.reports = 0
        with socket.socket() as sock:
            self._connection = Connection(sock, "192.0.2.1", 0.0)
        self._connection.on_authorised = self._count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = {**scope.get("state", {}), STATE_KEY: self._connection}
        await self._app({**scope, "state": state}, receive, send)

    def _count(self) -> None:
        self.reports += 1

    def take(self) -> int:
        """How often since the last look."""
        reports, self.reports = self.reports, 0
        return reports
