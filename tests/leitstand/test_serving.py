"""The HTTP server of both services: it ends, whatever a request is at."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
import requests
from starlette.types import Receive, Scope, Send

from leitstand.config.values import parse_listen
from leitstand.serving import HttpServer
from tests.running import eventually


class Blocking:
    """Holds up the server's own thread, as a busy machine does."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        # That it blocks is what this is about.
        time.sleep(3)  # noqa: ASYNC251


def test_who_is_late_at_the_end_still_ends_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    app = Blocking()
    server = HttpServer(app, parse_listen("127.0.0.1:0"), None, "listen")
    server.start()
    threading.Thread(target=_ask, args=(server.url,), daemon=True).start()
    assert app.asked.wait(10)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10
    eventually(lambda: not _running("http listen"))
    assert failed == []


def test_a_server_that_cannot_begin_says_so_where_it_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    server = HttpServer(Blocking(), parse_listen("127.0.0.1:0"), None, "listen")
    monkeypatch.setattr("uvicorn.Server.startup", _fails)
    with pytest.raises(RuntimeError, match="is not served"):
        server.start()
    assert not server.is_alive
    server.stop()


async def _fails(*_: object, **__: object) -> None:
    raise OSError(24, "Too many open files")


def test_requests_are_answered_as_soon_as_it_has_started() -> None:
    app = Blocking()
    server = HttpServer(app, parse_listen("127.0.0.1:0"), None, "listen")
    server.start()
    assert server._server.started
    assert server.is_alive
    server.stop()
    assert not server.is_alive


def _ask(url: str) -> None:
    with contextlib.suppress(requests.RequestException):
        requests.get(url, timeout=20)


def _running(name: str) -> bool:
    return any(thread.name == name for thread in threading.enumerate())
