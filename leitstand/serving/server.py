"""A uvicorn server in a thread of its own, on a socket that was bound beforehand."""

from __future__ import annotations

import asyncio
import socket
import threading
from functools import partial

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from leitstand import descriptors
from leitstand.config import Listen, Tls
from leitstand.serving.answers import in_pieces
from leitstand.serving.caps import Caps
from leitstand.serving.connection import STATE_KEY
from leitstand.serving.connections import Connections
from leitstand.serving.protocol import CountedProtocol
from leitstand.serving.sockets import ACCEPTED_AT_ONCE, CountingSocket, listening
from leitstand.serving.websocket import FragmentingWebSocket

STOPPING = "leitstand.stopping"
"""Of a request's scope: an event that is set when the server is to end.

Whoever waits for something to happen before it answers looks at it now and then.
"""
_GRACE_SECONDS = 0.7
_CANCEL_SECONDS = 1
_JOIN_SECONDS = 1.5
_POLL_SECONDS = 0.5
_TICKS_PER_SECOND = 10
# Most of them are WebSockets of pages that are open somewhere.
_MOST_WITH_WEBSOCKETS = 5_000
_MOST = 500
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
]


class HttpServer:
    """Serves an ASGI application until it is told to stop.

    In a thread, so that the main thread keeps the signals and the exit code.
    """

    def __init__(
        self,
        app: ASGIApp,
        listen: Listen,
        tls: Tls | None,
        key: str,
        *,
        websockets: bool = False,
    ) -> None:
        """Listens at once; raises ConfigError that names `key` if the address cannot be had."""
        self._app = app
        self._stopping = threading.Event()
        self._scheme = "https" if tls else "http"
        most = _MOST_WITH_WEBSOCKETS if websockets else _MOST
        self._connections = Connections(Caps.within(descriptors.limit(), most), key)
        config = _config(self._answer, tls, self._connections, websockets=websockets)
        # Before there is a thread: what fails here must be seen where the service is started.
        config.load()
        self._server = _Server(config, self._connections)
        self._socket = CountingSocket(listening(listen, key), self._connections)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=f"http {key}", daemon=True
        )

    @property
    def url(self) -> str:
        return f"{self._scheme}://{Listen(*self._socket.getsockname()[:2])}"

    def start(self) -> None:
        """Serve; returns as soon as connections are accepted. Raises RuntimeError otherwise."""
        self._thread.start()
        while not self._server.accepting.wait(_POLL_SECONDS):
            if not self._thread.is_alive():
                raise RuntimeError(f"{self.url} is not served; the log says why")

    @property
    def is_alive(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stopping.set()
        self._server.should_exit = True
        self._thread.join(_JOIN_SECONDS)
        # Who is still at it closes the socket when it is done with it.
        if not self._thread.is_alive():
            self._socket.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope["state"][STATE_KEY]
        cut = partial(self._connections.cut, connection)
        await self._app({**scope, STOPPING: self._stopping}, receive, in_pieces(send, cut))


class _Server(uvicorn.Server):
    """Cuts off who does not hang up: a TLS client may never answer the goodbye."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections
        self.accepting = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SECOND == 0:
            self._connections.cut_overdue()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._cut_off)
        await super().shutdown(sockets)

    def _cut_off(self) -> None:
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()


def _config(
    app: ASGIApp, tls: Tls | None, connections: Connections, *, websockets: bool
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever is on this machine could say to be anybody.
        proxy_headers=False,
        headers=_HEADERS,
        lifespan="off",
        # Connections are counted by asyncio's own loop and uvicorn's own parser.
        loop="asyncio",
        http=partial(CountedProtocol, counted=connections),  # type: ignore[arg-type]
        backlog=ACCEPTED_AT_ONCE,
        ws=FragmentingWebSocket if websockets else "none",
        # It would be done anew for each of a thousand clients that are told the same.
        ws_per_message_deflate=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_CANCEL_SECONDS,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
