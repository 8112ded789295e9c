"""Which connections are cut: the caps, the deadlines, and who is spared."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from leitstand.serving.caps import Caps
from leitstand.serving.connection import STATE_KEY, Connection, Phase, report_authorised
from leitstand.serving.connections import Connections

CAPS = Caps(authorised=3, unauthorised=8, per_address=4)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Server:
    """Connections over sockets that lead nowhere, on a clock of the test's own."""

    now: float = 0.0
    sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connections = Connections(CAPS, "test", lambda: self.now)

    def accept(self, address: str = "192.0.2.1") -> Connection:
        ours, theirs = socket.socketpair()
        self.sockets += [ours, theirs]
        connection = Connection(ours, address, self.now)
        self.connections.admit(connection)
        return connection

    def authorised(self, address: str = "192.0.2.1") -> Connection:
        connection = self.accept(address)
        self.connections.authorise(connection)
        return connection

    def is_cut(self, connection: Connection) -> bool:
        at = next(s for s in self.sockets if s.fileno() == connection.descriptor)
        at.setblocking(False)
        try:
            return at.recv(1) == b""
        except BlockingIOError:
            return False

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.connections.cut_overdue()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    yield server
    for sock in server.sockets:
        sock.close()


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("descriptors", "caps"),
    [
        (256, Caps(51, 51, 25)),
        (1_024, Caps(204, 204, 102)),
        (65_536, Caps(5_000, 1_024, 256)),
        (3, Caps(1, 1, 1)),
    ],
)
async def test_caps_leave_descriptors_for_the_service(descriptors: int, caps: Caps) -> None:
    assert Caps.within(descriptors, 5_000) == caps
    if descriptors > 10:
        assert 2 * caps.authorised + caps.unauthorised <= descriptors * 0.6


async def test_the_oldest_of_an_address_makes_way(server: Server) -> None:
    connections = [server.accept() for _ in range(6)]
    assert [server.is_cut(each) for each in connections] == [True, True] + [False] * 4


async def test_the_address_that_has_most_makes_way(server: Server) -> None:
    quiet = server.accept("192.0.2.9")
    for last in (1, 2, 3, 4):
        for _ in range(4):
            server.accept(f"192.0.2.{last}")
    assert server.connections.unauthorised == CAPS.unauthorised
    assert not server.is_cut(quiet)


async def test_an_answered_request_does_not_make_way_for_an_idle_connection(
    server: Server,
) -> None:
    asking = server.accept()
    server.connections.enter(asking, Phase.ANSWER)
    for _ in range(20):
        server.accept()
    assert not server.is_cut(asking)


async def test_so_many_are_open_at_most_whatever_comes(server: Server) -> None:
    for _ in range(3):
        server.authorised()
    for number in range(50):
        connection = server.accept(f"192.0.2.{number}")
        server.connections.enter(connection, Phase.ANSWER)
    assert server.connections.unauthorised == CAPS.unauthorised
    open_ones = [s for s in server.sockets[::2] if not _ended(s)]
    assert len(open_ones) == CAPS.unauthorised + CAPS.authorised


def _ended(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False


async def test_authorised_ones_do_not_count_by_address(server: Server) -> None:
    connections = [server.authorised() for _ in range(3)]
    for _ in range(10):
        server.accept()
    assert not any(server.is_cut(each) for each in connections)


async def test_the_authorised_that_is_idle_longest_makes_way(server: Server) -> None:
    busy = server.authorised()
    server.connections.enter(busy, Phase.ANSWER)
    server.now = 1
    idle = server.authorised()
    server.now = 2
    server.authorised()
    one_more = server.authorised()
    assert one_more.is_authorised
    assert server.is_cut(idle)
    assert not server.is_cut(busy)


async def test_where_no_authorised_is_idle_one_more_stays_unauthorised(server: Server) -> None:
    for _ in range(3):
        server.connections.enter(server.authorised(), Phase.ANSWER)
    one_more = server.authorised()
    assert not one_more.is_authorised
    assert not server.is_cut(one_more)


async def test_a_request_has_ten_seconds_however_it_begins(server: Server) -> None:
    silent, slow = server.accept(), server.accept()
    server.later(5)
    server.connections.enter(slow, Phase.HEADER)
    server.later(4.9)
    assert not server.is_cut(silent)
    server.later(0.1)
    assert server.is_cut(silent)
    assert server.is_cut(slow)


async def test_an_authorised_one_may_be_idle_but_not_slow(server: Server) -> None:
    connection = server.authorised()
    server.later(70)
    server.connections.enter(connection, Phase.HEADER)
    server.later(9.9)
    assert not server.is_cut(connection)
    server.later(0.1)
    assert server.is_cut(connection)


@pytest.mark.parametrize(("bytes_a_second", "survives"), [(999, False), (1_001, True)])
async def test_a_body_keeps_its_pace(server: Server, bytes_a_second: int, survives: bool) -> None:
    for connection in (server.accept(), server.authorised()):
        server.connections.enter(connection, Phase.BODY)
        for _ in range(100):
            connection.received += bytes_a_second
            server.later(1)
        assert server.is_cut(connection) is not survives


async def test_a_burst_is_no_credit_for_later(server: Server) -> None:
    connection = server.accept()
    server.connections.enter(connection, Phase.BODY)
    connection.received += 500_000
    server.later(30)
    assert not server.is_cut(connection)
    server.later(30)
    assert server.is_cut(connection)


async def test_an_answer_to_a_stranger_takes_a_minute_at_most(server: Server) -> None:
    stranger, known = server.accept(), server.authorised()
    for connection in (stranger, known):
        server.connections.enter(connection, Phase.ANSWER)
    server.later(59)
    assert not server.is_cut(stranger)
    server.later(1)
    assert server.is_cut(stranger)
    server.later(3_600)
    assert not server.is_cut(known)


async def test_after_an_answer_there_are_ten_seconds_again(server: Server) -> None:
    connection = server.accept()
    server.connections.enter(connection, Phase.ANSWER)
    server.later(30)
    server.connections.enter(connection, Phase.IDLE)
    server.later(9)
    assert not server.is_cut(connection)
    server.later(1)
    assert server.is_cut(connection)


async def test_without_descriptors_half_of_the_strangers_go(server: Server) -> None:
    for last in range(4):
        server.accept(f"192.0.2.{last}")
    server.connections.relieve()
    assert server.connections.unauthorised == 2


async def test_what_is_closed_is_forgotten(server: Server) -> None:
    kinds: list[Callable[[], Connection]] = [server.accept, server.authorised]
    for connection in [kind() for kind in kinds]:
        server.connections.closed(connection)
    gone = server.accept()
    server.connections.cut(gone)
    server.connections.closed(gone)
    server.connections.authorise(gone)
    assert (len(server.connections), server.connections.unauthorised) == (0, 0)


async def test_it_is_reported_from_any_thread(server: Server) -> None:
    connection = server.accept()
    await asyncio.to_thread(report_authorised, {"state": {STATE_KEY: connection}})
    await asyncio.sleep(0)
    assert connection.is_authorised
    # Where no server counts connections.
    report_authorised({"state": {}})
    report_authorised({})


async def test_it_is_told_in_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            server.accept()
    (line,) = caplog.messages
    assert line == (
        "test: 4 connections without an authorised request from 192.0.2.1; the oldest are closed"
    )
