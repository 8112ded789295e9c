"""Each fault does what it says, passwords are asked for, and the server stops at once."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable

import pytest

from leitstand.demo.mediamtx import DemoMediaMTX, Fault, World

from .conftest import Clock, Get, Response, fetch_from

AUTHENTICATION_ERROR = b'{"status":"error","error":"authentication error"}'


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def raw_get(demo: DemoMediaMTX, path: str) -> socket.socket:
    host, port = demo.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=5)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: demo\r\n\r\n".encode())
    return connection


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        (Fault.GARBAGE, 200, "text/html"),
        (Fault.UNAUTHORIZED, 401, "application/json; charset=utf-8"),
        (Fault.SERVER_ERROR, 500, "application/json; charset=utf-8"),
        (Fault.NOT_FOUND, 404, "text/plain"),
    ],
)
def test_a_fault_replaces_the_answer(
    demo: DemoMediaMTX, get: Get, fault: Fault, status: int, content_type: str
) -> None:
    demo.fault = fault
    response = get("/v3/info")
    assert (response.status, response.headers["Content-Type"]) == (status, content_type)
    demo.fault = Fault.NONE
    assert get("/v3/info").status == 200


def test_a_fault_can_be_limited_to_endpoints(demo: DemoMediaMTX, get: Get) -> None:
    demo.fault, demo.fault_paths = Fault.SERVER_ERROR, frozenset({"/v3/recordings/list"})
    assert get("/v3/recordings/list?itemsPerPage=5").status == 500
    assert get("/v3/paths/list").status == 200


def test_half_a_body_ends_before_its_announced_length(demo: DemoMediaMTX, get: Get) -> None:
    demo.fault = Fault.HALF_BODY
    with pytest.raises(http.client.IncompleteRead) as broken:
        get("/v3/info")
    assert broken.value.partial.startswith(b'{"version"')


def test_a_slow_answer_comes_byte_by_byte(demo: DemoMediaMTX) -> None:
    demo.fault, demo.drip_seconds = Fault.SLOW, 0.001
    assert fetch_from(demo, "/v3/info").json["version"] == "demo"
    demo.drip_seconds = 60
    with raw_get(demo, "/v3/info") as connection:
        assert connection.recv(9) == b"HTTP/1.1 "
        demo.stop()
        while connection.recv(4096):
            pass


def test_a_hanging_server_lets_go_when_it_stops(demo: DemoMediaMTX) -> None:
    before = set(threading.enumerate())
    demo.fault = Fault.HANG
    with raw_get(demo, "/v3/info") as connection:
        wait_for(lambda: demo.requests["/v3/info"] == 1)
        (hanging,) = set(threading.enumerate()) - before
        demo.stop()
        assert connection.recv(1) == b""
    hanging.join(timeout=1)
    assert not hanging.is_alive()


def test_it_starts_again_where_it_was(demo: DemoMediaMTX, get: Get) -> None:
    url = demo.url
    demo.stop()
    with pytest.raises(OSError, match="refused"):
        get("/v3/info")
    demo.start()
    assert demo.url == url
    assert get("/v3/info").status == 200


def test_connections_are_kept_alive(demo: DemoMediaMTX) -> None:
    connection = http.client.HTTPConnection(demo.url.removeprefix("http://"), timeout=5)
    connection.connect()
    first = connection.sock
    for path in ("/v3/paths/list", "/v3/info", "/v3/nope"):
        connection.request("GET", path)
        connection.getresponse().read()
    assert connection.sock is first
    connection.close()


def test_requests_are_counted(demo: DemoMediaMTX, get: Get) -> None:
    get("/v3/info")
    get("/v3/paths/list?itemsPerPage=7")
    get("/v3/paths/list")
    assert demo.requests == {"/v3/info": 1, "/v3/paths/list": 2}
    assert list(demo.targets)[1] == "/v3/paths/list?itemsPerPage=7"


def test_other_methods_are_unknown_urls(demo: DemoMediaMTX) -> None:
    for method in ("HEAD", "POST", "PATCH", "DELETE"):
        connection = http.client.HTTPConnection(demo.url.removeprefix("http://"), timeout=5)
        connection.request(method, "/v3/paths/list", body=b"{}" if method == "POST" else None)
        assert connection.getresponse().status == 404
        connection.close()


def test_requests_within_a_tick_see_one_moment(demo: DemoMediaMTX, get: Get, clock: Clock) -> None:
    get("/v3/info")
    clock.now += 0.04
    first = get("/v3/paths/list").body
    clock.now += 0.02
    assert get("/v3/paths/list").body != first


@pytest.mark.parametrize(
    ("authorization", "status", "asks"),
    [
        (None, 401, True),
        ("Basic not base64", 401, True),
        ("Bearer some.json.token", 401, True),
        (basic("monitor:wrong"), 401, False),
        (basic("nobody:right"), 401, False),
        ("Bearer monitor:wrong", 401, False),
        (basic("monitor:right"), 200, False),
        ("Bearer monitor:right", 200, False),
    ],
)
def test_credentials_are_asked_for(authorization: str | None, status: int, asks: bool) -> None:
    with DemoMediaMTX(World.idle(1), username="monitor", password="right") as demo:
        demo.wrong_password_delay = 0
        headers = {"Authorization": authorization} if authorization else {}
        response: Response = fetch_from(demo, "/v3/info", **headers)
        assert response.status == status
        assert ("Www-Authenticate" in response.headers) is asks
        assert (response.body == AUTHENTICATION_ERROR) is (status == 401)


def test_unknown_urls_ask_for_credentials_too() -> None:
    with DemoMediaMTX(World.idle(1), username="monitor", password="right") as demo:
        response = fetch_from(demo, "/v3/nope")
        assert response.headers["Www-Authenticate"] == 'Basic realm="mediamtx"'


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_ends_cleanly(ending: signal.Signals) -> None:
    command = [sys.executable, "-m", "leitstand.demo.mediamtx", "--port", "0", "--idle", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/v3/paths/list") as response:
            assert json.load(response)["itemCount"] == 3
        process.send_signal(ending)
        assert process.wait(timeout=5) == 0
