"""Real clients that keep a server waiting, by TCP and by TLS; and those that may take long."""

from __future__ import annotations

import contextlib
import http.client
import resource
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import trustme

from leitstand.config import Listen, Tls
from leitstand.serving import HttpServer
from tests.leitstand.serving.length_server import app
from tests.running import Process, process

HANG = 60.0
HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: "
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: yes\r\n\r\n"
Client = Callable[[HttpServer, ssl.SSLContext | None], None]


@pytest.fixture(scope="module", params=["tcp", "tls"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HttpServer, ssl.SSLContext | None]]:
    tls = context = None
    if request.param == "tls":
        tls, context = _certificate(tmp_path_factory.mktemp("tls"))
    server = HttpServer(app, Listen("127.0.0.1", 0), tls, "test")
    server.start()
    yield server, context
    server.stop()


def _certificate(folder: Path) -> tuple[Tls, ssl.SSLContext]:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    own.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    own.private_key_pem.write_to_path(folder / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return Tls(cert=folder / "cert.pem", key=folder / "key.pem"), context


def _connected(server: HttpServer, context: ssl.SSLContext | None = None) -> socket.socket:
    host, port = server.url.partition("://")[2].split(":")
    sock = socket.create_connection((host, int(port)), timeout=HANG)
    return context.wrap_socket(sock, server_hostname=host) if context else sock


def _answer(sock: socket.socket) -> bytes:
    answer = http.client.HTTPResponse(sock)
    answer.begin()
    return answer.read()


def _is_closed(sock: socket.socket) -> None:
    """Fails by a time-out if it is not."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        assert sock.recv(1) == b""


def says_nothing(server: HttpServer, context: ssl.SSLContext | None) -> None:
    """With TLS it does not even begin the handshake."""
    with _connected(server) as sock:
        _is_closed(sock)


def says_nothing_after_the_handshake(server: HttpServer, context: ssl.SSLContext | None) -> None:
    with _connected(server, context) as sock:
        _is_closed(sock)


def sends_half_a_header(server: HttpServer, context: ssl.SSLContext | None) -> None:
    with _connected(server, context) as sock:
        sock.sendall(HALF)
        _is_closed(sock)


def drips_a_header(server: HttpServer, context: ssl.SSLContext | None) -> None:
    with _connected(server, context) as sock, contextlib.suppress(OSError):
        sock.sendall(HALF)
        for _ in range(int(HANG)):
            sock.sendall(b"x")
            time.sleep(1)
        pytest.fail("is served still")


def sends_half_a_header_after_an_authorised_request(
    server: HttpServer, context: ssl.SSLContext | None
) -> None:
    with _connected(server, context) as sock:
        sock.sendall(WHOLE)
        assert _answer(sock) == b"0"
        sock.sendall(HALF)
        _is_closed(sock)


def drips_a_body(server: HttpServer, context: ssl.SSLContext | None) -> None:
    with _connected(server, context) as sock, contextlib.suppress(OSError):
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(2 * int(HANG)):
            sock.sendall(b"x" * 100)
            time.sleep(1)
        pytest.fail("is served still")


def sends_a_body_slowly_but_steadily(server: HttpServer, context: ssl.SSLContext | None) -> None:
    with _connected(server, context) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 180000\r\n\r\n")
        for _ in range(36):
            sock.sendall(b"x" * 5_000)
            time.sleep(1)
        assert _answer(sock) == b"180000"


def is_idle_between_authorised_requests(server: HttpServer, context: ssl.SSLContext | None) -> None:
    with _connected(server, context) as sock:
        for pause in (15, 0):
            sock.sendall(WHOLE)
            assert _answer(sock) == b"0"
            time.sleep(pause)


CLIENTS: tuple[Client, ...] = (
    says_nothing,
    says_nothing_after_the_handshake,
    sends_half_a_header,
    drips_a_header,
    sends_half_a_header_after_an_authorised_request,
    drips_a_body,
    sends_a_body_slowly_but_steadily,
    is_idle_between_authorised_requests,
)


def test_clients_that_are_late_are_closed_and_those_that_are_slow_are_served(
    served: tuple[HttpServer, ssl.SSLContext | None],
) -> None:
    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        for done in [pool.submit(client, *served) for client in CLIENTS]:
            done.result()


@contextlib.contextmanager
def no_more_descriptors(pid: int) -> Iterator[None]:
    """The descriptors that a process has stay open, and it gets no other."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("is_secure", [False, True], ids=["tcp", "tls"])
def test_without_descriptors_it_waits_quietly_and_goes_on_afterwards(
    is_secure: bool, tmp_path: Path
) -> None:
    """In a process of its own: the limit would apply to every other server in this one."""
    context = _certificate(tmp_path)[1] if is_secure else None
    files = [str(tmp_path / name) for name in ("cert.pem", "key.pem")] if is_secure else []
    command = [sys.executable, "-m", "tests.leitstand.serving.length_server", *files]
    with process(command) as server, socket.socket() as sock:
        host, port = server.find(r"at https?://(\S+)", HANG).split(":")
        sock.settimeout(HANG)
        with no_more_descriptors(server.pid):
            sock.connect((host, int(port)))
            before = _cpu_seconds(server)
            time.sleep(2.5)
            busy = _cpu_seconds(server) - before
        secure = context.wrap_socket(sock, server_hostname=host) if context else sock
        secure.sendall(WHOLE)
        assert _answer(secure) == b"0"
        secure.close()
    # Once a second, and not once for each connection that it would like to take.
    assert 1 <= server.output.count("socket.accept() out of system resource") <= 4
    assert busy < 1


def _cpu_seconds(server: Process) -> float:
    used = psutil.Process(server.pid).cpu_times()
    return float(used.user + used.system)
