"""A uvicorn server in a thread of its own, on a socket that was bound beforehand."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from leitstand.config import ConfigError, Listen, Tls

STOPPING = "leitstand.stopping"
"""Of a request's scope: an event that is set when the server is to end.

Whoever waits for something to happen before it answers looks at it now and then.
"""
_GRACE_SECONDS = 0.7
_CANCEL_SECONDS = 1
_JOIN_SECONDS = 1.5
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
        self._server = _Server(_config(self._answer, tls, websockets=websockets))
        self._socket = listening(listen, key)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=f"http {key}", daemon=True
        )

    @property
    def url(self) -> str:
        return f"{self._scheme}://{Listen(*self._socket.getsockname()[:2])}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._server.should_exit = True
        self._thread.join(_JOIN_SECONDS)
        # Who is still at it closes the socket when it is done with it.
        if not self._thread.is_alive():
            self._socket.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, STOPPING: self._stopping}, receive, send)


class _Server(uvicorn.Server):
    """Cuts off who does not hang up: a TLS client may never answer the goodbye."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._cut_off)
        await super().shutdown(sockets)

    def _cut_off(self) -> None:
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()


def listening(listen: Listen, key: str) -> socket.socket:
    """A socket that listens. Raises ConfigError that names `key`."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # Of a socket that is not said to be TCP, asyncio does not know that it may set TCP_NODELAY:
    # each answer on a connection that is kept would be 40 ms late.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((listen.host, listen.port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"{key}: {listen} cannot be listened on ({error.strerror}); "
            "choose another address or port"
        ) from None
    return sock


def _config(app: ASGIApp, tls: Tls | None, *, websockets: bool) -> uvicorn.Config:
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
        ws="websockets-sansio" if websockets else "none",
        # It would be done anew for each of a thousand clients that are told the same.
        ws_per_message_deflate=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_CANCEL_SECONDS,
        # Whoever only listens holds a connection as well.
        limit_concurrency=5_000 if websockets else 500,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
