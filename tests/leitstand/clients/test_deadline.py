"""Whatever a server does, it is over in time; and connections are kept."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import HTTPError

from leitstand.clients.deadline import DeadlineAdapter
from tests.leitstand.clients.raw import RawServer, answer
from tests.running import eventually

# Dripped, this takes a quarter of a minute.
BODY = b"x" * 300
KEPT = answer(BODY)
CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY
OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 300\r\n\r\n" + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n" + BODY + b"\r\n0\r\n\r\n"
FAILURES = (requests.RequestException, HTTPError)


@pytest.fixture
def adapter() -> Iterator[DeadlineAdapter]:
    adapter = DeadlineAdapter()
    yield adapter
    adapter.close()


def ask(
    adapter: DeadlineAdapter, server: RawServer, verify: bool | str = True, scheme: str = "http"
) -> bytes:
    url = server.url.replace("http:", f"{scheme}:")
    request = requests.Request("GET", f"{url}/x").prepare()
    return adapter.send(request, timeout=(30.0, 30.0), verify=verify).content


@contextmanager
def cut_off() -> Iterator[None]:
    """What is done inside fails, and long before the server is done."""
    began = time.monotonic()
    with pytest.raises(FAILURES):
        yield
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    "says", [KEPT, CLOSED, OLD, CHUNKED], ids=["kept", "close", "1.0", "chunk"]
)
@pytest.mark.parametrize("until", [b"", b"OK\r\n", b"\r\n\r\n"], ids=["status", "head", "body"])
def test_a_server_that_drips_is_cut_off(
    adapter: DeadlineAdapter,
    says: bytes,
    until: bytes,
    secure: bool,
    tls: ssl.SSLContext,
    ca_file: Path,
) -> None:
    with RawServer(says, tls if secure else None) as server:
        server.whole = says.find(until) + len(until)
        server.closes = says in (CLOSED, OLD)
        with cut_off(), adapter.deadline(0.1):
            while True:
                # One that was cut off may look like a short answer; another will not.
                ask(adapter, server, str(ca_file))
        server.whole = None
        with adapter.deadline(30):
            assert ask(adapter, server, str(ca_file)) == BODY


@pytest.mark.parametrize("greets", [False, True], ids=["silent", "drips"])
def test_a_tls_handshake_that_does_not_end_is_cut_off(
    adapter: DeadlineAdapter, greets: bool
) -> None:
    # The head of a long handshake message, of which the rest comes byte by byte, if at all.
    with RawServer(b"\x16\x03\x03\x40\x00" + bytes(300)) as server:
        server.greets, server.whole = greets, 0
        with cut_off(), adapter.deadline(0.1):
            ask(adapter, server, scheme="https")


def test_a_connection_that_is_made_too_late_is_refused(adapter: DeadlineAdapter) -> None:
    with RawServer(KEPT) as server:
        with cut_off(), adapter.deadline(0):
            ask(adapter, server)
        assert adapter.is_over is False
        assert ask(adapter, server) == BODY


def test_what_is_left_bounds_the_connecting() -> None:
    adapter = DeadlineAdapter()
    assert adapter.left_of(3.0) == 3.0
    with adapter.deadline(60):
        assert adapter.left_of(3.0) == 3.0
        assert 50 < adapter.left_of(90.0) <= 60
    with adapter.deadline(0):
        assert 0 < adapter.left_of(3.0) < 0.1


def test_a_deadline_that_was_met_leaves_nothing_behind(adapter: DeadlineAdapter) -> None:
    with RawServer(KEPT) as server:
        before = threading.active_count()
        for _ in range(5):
            with adapter.deadline(60):
                assert ask(adapter, server) == BODY
        eventually(lambda: threading.active_count() <= before + 1)
        assert server.connections == 1


def test_an_abort_ends_what_is_asked_and_all_that_follows(adapter: DeadlineAdapter) -> None:
    def abort() -> None:
        eventually(lambda: server.requests)
        adapter.abort()

    with RawServer(KEPT) as server:
        server.whole = 0
        aborting = threading.Thread(target=abort)
        aborting.start()
        with cut_off():
            ask(adapter, server)
        aborting.join()
        server.whole = None
        with cut_off():
            ask(adapter, server)
        assert len(server.requests) == 1


def test_nothing_to_cut_off_is_no_error() -> None:
    adapter = DeadlineAdapter()
    adapter.abort()
    assert adapter.is_over


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_one_connection_serves_many_requests(
    adapter: DeadlineAdapter, secure: bool, tls: ssl.SSLContext, ca_file: Path
) -> None:
    with RawServer(KEPT, tls if secure else None) as server:
        for says in (KEPT, answer(b"404 page not found", "404 Not Found", "text/plain"), CHUNKED):
            server.says = says
            for _ in range(3):
                with adapter.deadline(30):
                    ask(adapter, server, str(ca_file))
        assert (server.connections, len(server.requests)) == (1, 9)


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(
    adapter: DeadlineAdapter,
) -> None:
    with RawServer(KEPT) as server:
        server.closes = True
        for _ in range(3):
            assert ask(adapter, server) == BODY
            eventually(lambda: not any(t.is_alive() for t in server._threads[1:]))
        assert server.connections == 3
