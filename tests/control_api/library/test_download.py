"""The file behind an answer is closed, whatever becomes of the answer."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from control_api.library.download import answer
from control_api.library.service import Opened
from tests.control_api.library.conftest import BERLIN

ROW = SimpleNamespace(id="a", name="a.mkv", title="", studio=None, start=None)
SCOPE = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}


def opened(content: bytes = bytes(1 << 20)) -> Opened:
    return Opened(ROW, io.BytesIO(content), len(content), 0)


def play(found: Opened, send: Any, asked: dict[str, str] | None = None) -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    asyncio.run(answer(found, asked or {}, BERLIN)(SCOPE, receive, send))


def test_it_is_closed_when_all_is_sent() -> None:
    sent, found = [], opened()

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    play(found, send)
    assert sum(map(len, sent)) == found.size
    assert found.file.closed


@pytest.mark.parametrize("after", [0, 1, 2])
def test_it_is_closed_when_the_asker_leaves(after: int) -> None:
    """Before the answer begins, before the first byte, in the middle."""
    left, found = [after], opened()

    async def send(_: Any) -> None:
        if left[0] == 0:
            raise OSError
        left[0] -= 1

    with pytest.raises(ClientDisconnect):
        play(found, send)
    assert found.file.closed


@pytest.mark.parametrize(
    "asked", [{"if-none-match": "*"}, {"range": "bytes=9999999-"}, {"range": "bytes=0-9"}]
)
def test_it_is_closed_where_little_or_nothing_is_sent(asked: dict[str, str]) -> None:
    found = opened()

    async def send(_: Any) -> None:
        pass

    play(found, send, asked)
    assert found.file.closed
