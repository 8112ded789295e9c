"""A uvicorn server in a thread of its own, on a socket that was bound beforehand."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from leitstand.config import ConfigError, Listen, Tls

_GRACE_SECONDS = 1
_JOIN_SECONDS = 1.5


class HttpServer:
    """Serves an ASGI application until it is told to stop.

    In a thread, so that the main thread keeps the signals and the exit code.
    """

    def __init__(self, app: ASGIApp, listen: Listen, tls: Tls | None, key: str) -> None:
        """Bind at once; raises ConfigError that names `key` if the address cannot be had."""
        self._socket = _bind(listen, key)
        self.address = "{}:{}".format(*self._socket.getsockname()[:2])
        self._scheme = "https" if tls else "http"
        self._server = uvicorn.Server(_config(app, tls, key))
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=f"http {key}", daemon=True
        )

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        self._socket.listen(2048)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_JOIN_SECONDS)
        self._socket.close()


def _config(app: ASGIApp, tls: Tls | None, key: str) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=500,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except OSError as error:
        section = key.rpartition(".")[0]
        raise ConfigError(f"{section}.tls: {_file_problem(tls, error)}") from None
    return config


def _file_problem(tls: Tls | None, error: OSError) -> str:
    named = [str(path) for path in (tls.cert, tls.key) if isinstance(path, Path)] if tls else []
    return f"{' and '.join(named)} cannot be used: {error.strerror or error}"


def _bind(listen: Listen, key: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((listen.host, listen.port))
    except OSError as error:
        sock.close()
        reason = error.strerror or str(error)
        raise ConfigError(
            f"{key}: {listen} cannot be listened on ({reason}); choose another address or port"
        ) from None
    return sock
