"""Long messages over a real WebSocket: whole for the client, in fragments on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.sync.client import connect

from leitstand.config import Listen
from leitstand.serving import HttpServer
from leitstand.serving.websocket import FRAGMENT_CHARACTERS

LONG = "äöü€" * FRAGMENT_CHARACTERS + "end"
TEXTS = ("short", "x" * FRAGMENT_CHARACTERS, "x" * (FRAGMENT_CHARACTERS + 1), LONG, "short again")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    for text in TEXTS:
        await socket.send_text(text)
    try:
        while True:
            await socket.send_text(LONG)
    except WebSocketDisconnect:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = HttpServer(app, Listen("127.0.0.1", 0), None, "test", websockets=True)
    server.start()
    yield server.url.replace("http", "ws")
    server.stop()


def test_messages_of_any_length_arrive_as_they_were_sent(url: str) -> None:
    with connect(url, proxy=None, max_size=None) as client:
        assert tuple(client.recv(timeout=30) for _ in TEXTS) == TEXTS


def test_a_long_message_comes_in_fragments_and_may_be_left_in_its_middle(url: str) -> None:
    with connect(url, proxy=None, max_size=None) as client:
        for _ in range(3):
            client.recv(timeout=30)
        fragments = client.recv_streaming()
        assert next(fragments) == LONG[:FRAGMENT_CHARACTERS]
