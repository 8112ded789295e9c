"""The recorder's socket answers who shows the secret, however many others connect."""

from __future__ import annotations

import contextlib
import logging
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from control_api.recorder import command_connections
from control_api.recorder.commands import Commands
from control_api.recorder.protocol import Answer, Request, encoded
from control_api.recorder.server import CommandServer
from control_api.recorder.socket_address import SocketAddress
from leitstand.config import Listen
from tests.running import eventually, free_port


class FakeCommands:
    def answer(self, command: str, body: Any) -> Answer:
        return Answer(data=command)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[SocketAddress]:
    address = SocketAddress(tmp_path, Listen("127.0.0.1", free_port()), "the secret")
    server = CommandServer(address, cast(Commands, FakeCommands()))
    server.start()
    yield address
    server.stop()


@pytest.fixture
def open_ones() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def ask(connection: socket.socket, secret: str = "the secret") -> Answer:
    connection.sendall(encoded(Request("status", secret=secret)))
    with connection.makefile("rb") as lines:
        return msgspec.json.decode(lines.readline(), type=Answer)


def test_a_socket_whose_file_is_removed_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    address = SocketAddress(folder)
    server = CommandServer(address, cast(Commands, FakeCommands()))
    server.start()
    try:
        with address.connected(5) as before:
            assert ask(before, "").data == "status"
            (folder / "recorder.sock").unlink()
            eventually(lambda: answers(address))
            assert ask(before, "").data == "status"
        shutil.rmtree(folder)
        eventually(lambda: answers(address))
        (folder / "recorder.sock").unlink()
        (folder / "recorder.sock").write_text("no socket")
        eventually(lambda: answers(address))
    finally:
        server.stop()
    with pytest.raises(OSError, match=r"."):
        address.connected(1)


def answers(address: SocketAddress) -> bool:
    """Whether somebody who comes now is answered."""
    try:
        with address.connected(1) as connection:
            return ask(connection, "").data == "status"
    except OSError:
        return False


def test_idle_connections_lock_nobody_out(
    address: SocketAddress, open_ones: contextlib.ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    authorised = open_ones.enter_context(address.connected(5))
    assert ask(authorised).data == "status"
    with caplog.at_level(logging.WARNING):
        idle = [
            open_ones.enter_context(address.connected(5))
            for _ in range(command_connections.MOST + 1)
        ]
        assert idle[0].recv(1) == b""
    assert "without an authorised request; the oldest are closed" in caplog.text
    for _ in range(3):
        with address.connected(5) as another:
            assert ask(another).data == "status"
    assert ask(authorised).data == "status"


def test_a_wrong_secret_is_none(address: SocketAddress, open_ones: contextlib.ExitStack) -> None:
    wrong = [open_ones.enter_context(address.connected(5)) for _ in range(command_connections.MOST)]
    assert {ask(each, "a guess").status for each in wrong} == {403}
    with address.connected(5) as another:
        assert ask(another).data == "status"
    assert wrong[0].recv(1) == b""


def test_who_shows_no_secret_is_not_waited_for(
    address: SocketAddress, open_ones: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorised, idle = (open_ones.enter_context(address.connected(5)) for _ in range(2))
    assert ask(authorised).data == "status"
    monkeypatch.setattr(command_connections, "UNAUTHORISED_SECONDS", 0.3)
    # One byte after the other is no request either.
    idle.sendall(b"{")
    assert idle.recv(1) == b""
    assert ask(authorised).data == "status"


def test_of_too_many_authorised_ones_the_one_idle_longest_is_closed(
    address: SocketAddress, open_ones: contextlib.ExitStack
) -> None:
    many = [open_ones.enter_context(address.connected(5)) for _ in range(command_connections.MOST)]
    for each in [*many, many[0]]:
        assert ask(each).data == "status"
    with address.connected(5) as another:
        assert ask(another).data == "status"
    assert many[1].recv(1) == b""
    assert ask(many[0]).data == "status"


def test_a_stranger_cannot_fill_the_memory(address: SocketAddress) -> None:
    with address.connected(5) as connection:
        connection.sendall(b"x" * (1 << 18))
        with connection.makefile("rb") as lines:
            assert b"that is no request" in lines.readline()
