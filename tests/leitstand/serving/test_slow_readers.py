"""Clients that do not read their answers: what they cost, and when they are cut off."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest
import requests
from starlette.types import Message

from leitstand.serving import answers
from leitstand.serving.answers import LARGE_BYTES, PIECE_BYTES, in_pieces
from tests.running import process

CLIENTS = 200
MOST_BYTES = 100_000_000
SERVER = Path(__file__).with_name("large_answers.py")


def memory(pid: int) -> int:
    size: int = psutil.Process(pid).memory_info().rss
    return size


def test_two_hundred_slow_readers_of_large_answers_hold_little_memory() -> None:
    with process([sys.executable, str(SERVER)]) as server, contextlib.ExitStack() as held:
        url = server.find(r"(http://\S+)")
        assert len(requests.get(url, timeout=30).content) == 8_000_000
        before = memory(server.pid)
        for _ in range(CLIENTS):
            sock = held.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            sock.connect(("127.0.0.1", int(url.rpartition(":")[2])))
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        highest = 0
        for _ in range(20):
            highest = max(highest, memory(server.pid))
            time.sleep(0.1)
        # Others are served meanwhile.
        assert len(requests.get(url, timeout=30).content) == 8_000_000
        assert highest - before < MOST_BYTES


class Client:
    """Takes pieces until it does not any more."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.taken: list[Message] = []
        self.is_cut = False

    async def send(self, message: Message) -> None:
        if len(self.taken) == self.takes:
            await asyncio.Event().wait()
        self.taken.append(message)

    def cut(self) -> None:
        self.is_cut = True


def body(size: int, **more: bool) -> Message:
    return {"type": "http.response.body", "body": bytes(size), **more}


def test_a_large_answer_goes_out_in_pieces() -> None:
    client = Client(takes=100)
    asyncio.run(in_pieces(client.send, client.cut)(body(LARGE_BYTES + 1)))
    sizes = [len(each["body"]) for each in client.taken]
    assert sizes == [PIECE_BYTES] * 2 + [1]
    assert [each["more_body"] for each in client.taken] == [True] * 2 + [False]


def test_what_follows_a_large_part_still_follows() -> None:
    client = Client(takes=100)
    asyncio.run(in_pieces(client.send, client.cut)(body(LARGE_BYTES + 1, more_body=True)))
    assert client.taken[-1]["more_body"]


@pytest.mark.parametrize("message", [{"type": "http.response.start"}, body(LARGE_BYTES)])
def test_anything_else_goes_out_as_it_is(message: Message) -> None:
    client = Client(takes=1)
    asyncio.run(in_pieces(client.send, client.cut)(message))
    assert client.taken == [message]


def test_a_client_that_takes_nothing_more_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PIECE_SECONDS", 0.05)
    client = Client(takes=2)
    asyncio.run(in_pieces(client.send, client.cut)(body(10 * LARGE_BYTES)))
    assert (len(client.taken), client.is_cut) == (2, True)
