"""Whatever is on the port: one error of the right kind, in time, and no socket left."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from leitstand.clients.obs import (
    Absent,
    Hung,
    NotObs,
    ObsError,
    WrongPassword,
)
from tests.leitstand.clients.obs.conftest import Connect, failure, sockets_to
from tests.leitstand.clients.obs.scripted import (
    CLOSE,
    Peer,
    Script,
    answering,
    closing,
    frame,
    greets,
    hello,
    lets_in,
    says,
    scripted,
    silent,
)
from tests.running import free_port


def leaves(peer: Peer) -> None:
    pass


def upgrades_and_leaves(peer: Peer) -> None:
    peer.upgrade()


def lets_in_and_leaves(peer: Peer) -> None:
    peer.greet()
    peer.hear()


NESTED = b"[" * 100_000
OK = b'"requestStatus": {"result": true, "code": 100}'


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (says(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), NotObs),
        (says(b"\x15\x03\x01\x00\x02\x02\x46\r\n"), NotObs),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: nan\r\n\r\n"), NotObs),
        (says(b"HTTP/1.1 101 Fine\r\nUpgrade: h2c\r\n\r\n"), NotObs),
        (greets(frame(b"welcome")), NotObs),
        (greets(frame(b"[]")), NotObs),
        (greets(frame(b"\xff\xfe")), NotObs),
        (greets(frame(NESTED)), NotObs),
        (greets(frame(b'{"op": 0}')), NotObs),
        (greets(hello(authentication={"salt": "s"})), NotObs),
        (greets(hello() + frame(b'{"op": 7, "d": {}}')), NotObs),
        (greets(hello() + frame(b"true")), NotObs),
        (greets(b"\xf1\x00"), NotObs),
        (greets(closing(4010)), NotObs),
        (greets(hello() + closing(4009)), WrongPassword),
        (greets(closing(1001)), Absent),
        (greets(hello() + closing(4011)), Absent),
        (greets(frame(b"", CLOSE)), Absent),
        (lets_in(frame(b"no JSON")), NotObs),
        (lets_in(frame(NESTED)), NotObs),
        (lets_in(frame(b'{"op": "7", "d": {}}')), NotObs),
        (lets_in(frame(b'{"op": 7, "d": {}}')), NotObs),
        (lets_in(b'{"op": 7, "d": {"requestId": "{id}", "requestType": "GetVersion"}}'), NotObs),
        (lets_in(b'{"op": 7, "d": {"requestId": "{id}", "requestType": "X", %s}}' % OK), NotObs),
        (lets_in(b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), Hung),
        (lets_in(b""), Hung),
        (greets(b""), Hung),
        (silent, Hung),
        (leaves, Absent),
        (upgrades_and_leaves, Absent),
        (lets_in_and_leaves, Absent),
    ],
)
def test_every_failure_has_its_kind_and_leaves_no_socket(
    script: Script, kind: type[ObsError], connect: Connect
) -> None:
    with scripted(script, answering) as server:
        link = connect(server.port, timeout=0.3)
        began = time.monotonic()

        assert type(failure(link)) is kind
        assert time.monotonic() - began < 0.6
        assert sockets_to(server.port) == []
        link.retry()
        assert link.request("GetVersion") == {"name": "GetVersion"}
        assert link.error is None
        assert link.is_connected


@pytest.fixture
def web_port() -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<h1>It works!</h1>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_web_server_is_not_an_obs(web_port: int, connect: Connect) -> None:
    error = failure(connect(web_port))

    assert type(error) is NotObs
    assert str(error) == "answers like a web server (200)"


def test_nothing_is_absent(connect: Connect) -> None:
    error = failure(connect(free_port()))

    assert type(error) is Absent
    assert str(error) == "Connection refused"


def test_a_redirect_leads_nowhere(connect: Connect) -> None:
    with scripted(answering) as other:
        where = f"ws://127.0.0.1:{other.port}/".encode()
        with scripted(says(b"HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n" % where)) as server:
            assert type(failure(connect(server.port))) is NotObs
        assert other.connections == 0


def test_a_port_that_nobody_serves_any_more_is_hung(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as never_accepts:
        error = failure(connect(never_accepts.getsockname()[1], timeout=0.2))

    assert type(error) is Hung
    assert str(error) == "no answer within 0.2 s"
