"""The exporter's pages over real sockets: formats, waiting, doors, and how it ends."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import itertools
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest
import requests
import trustme
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.exposition import Format, Renderer
from exporter.pages import Pages
from exporter.server import create_app
from exporter.snapshot import Report, SnapshotStore
from exporter.sources.source import SourceId
from leitstand.config import ConfigError, Listen, Tls
from leitstand.serving import HttpServer
from tests.running import eventually

LOOPBACK = Listen("127.0.0.1", 0)
MAIN = SourceId("mediamtx", "<main>")
PART = SourceId("mediamtx_forwards", "<main>")
PAGES = ("/", "/metrics", "/snapshot", "/snapshot?after=0", "/-/healthy", "/-/ready", "/nowhere")
METHODS = ("GET", "POST", "OPTIONS")
STRANGERS = (None, ("anna", "hunter3"), ("nobody", "hunter2"))
USERS = {"anna": bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()}


@dataclass
class Served:
    """The pages of a store without pollers: the test says what happens."""

    server: HttpServer
    store: SnapshotStore
    alive: bool = True

    def get(self, target: str, method: str = "GET", **headers: str) -> requests.Response:
        """Only the headers given: requests would add some of its own."""
        wanted = {"Accept": None, "Accept-Encoding": "identity"} | headers
        url = self.server.url + target
        return requests.request(method, url, headers=wanted, timeout=10, allow_redirects=False)

    def publish(self, error: str | None = "gone") -> None:
        self.store.publish(MAIN, duration=0.1, failures=1, error=error)


@contextlib.contextmanager
def serving(
    users: Mapping[str, str] | None = None, tls: Tls | None = None, listen: Listen = LOOPBACK
) -> Iterator[Served]:
    store = SnapshotStore([Report(MAIN, lifetime=6.0), Report(PART, 90.0, part_of=MAIN)])
    pages = Pages(store, Renderer())
    app = create_app(store, pages, lambda: found.alive, users or {})
    found = Served(HttpServer(app, listen, tls, "exporter.listen"), store)
    pages.start()
    found.server.start()
    try:
        yield found
    finally:
        pages.stop()
        found.server.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as served:
        yield served


def test_prometheus_text_is_the_default(shared: Served) -> None:
    answer = shared.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'mediamtx_up{server="<main>"} 0.0\n' in answer.text
    assert "# EOF" not in answer.text


def test_openmetrics_for_who_asks_for_it(shared: Served) -> None:
    wanted = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"
    answer = shared.get("/metrics", Accept=wanted)
    assert answer.headers["Content-Type"] == Format.OPENMETRICS.content_type
    families = list(text_string_to_metric_families(answer.text))  # type: ignore[no-untyped-call]
    assert "mediamtx_up" in [family.name for family in families]


@pytest.mark.parametrize("accept", ["", "*/*", "text/html, */*;q=0.1", "image/png", ";;=,"])
def test_whoever_knows_neither_gets_prometheus_text(shared: Served, accept: str) -> None:
    answer = shared.get("/metrics", Accept=accept)
    assert answer.headers["Content-Type"] == Format.PROMETHEUS.content_type


@pytest.mark.parametrize(
    ("wish", "packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5, br", True),
        ("gzip; q=1.0", True),
        ("*", True),
        ("gzip, *;q=0", True),
        ("identity", False),
        ("", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*, gzip;q=0", False),
        ("*;q=0", False),
        ("gzip;q=x", False),
        ("x-gzip", False),
    ],
)
def test_gzip_for_who_takes_it(shared: Served, wish: str, packed: bool) -> None:
    connection = http.client.HTTPConnection(shared.server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": wish})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None)
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert b"mediamtx_up" in (gzip.decompress(body) if packed else body)


def test_the_landing_page_names_the_others_and_escapes_what_it_shows(served: Served) -> None:
    assert "not asked yet" in served.get("/").text
    served.publish("no <connection>")
    answer = served.get("/")
    for text in ("/metrics", "/snapshot", "/-/ready", "mediamtx &lt;main&gt;", "no &lt;connection"):
        assert text in answer.text
    assert "<main>" not in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("target", PAGES[:3] + PAGES[4:])
def test_no_page_is_guessed_at_framed_or_kept(shared: Served, target: str) -> None:
    headers = shared.get(target).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers
    if target in ("/metrics", "/snapshot"):
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "target", ["/nowhere", "/metrics/", "//metrics", "/metricsx", "/-/", "/%00"]
)
def test_what_is_not_there_is_404(shared: Served, target: str) -> None:
    assert shared.get(target).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(shared: Served, method: str) -> None:
    for target in ("/", "/metrics", "/snapshot", "/-/healthy", "/-/ready"):
        answer = shared.get(target, method)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_head_is_get_without_the_body(shared: Served) -> None:
    for target in ("/", "/metrics", "/snapshot", "/-/healthy"):
        head, whole = shared.get(target, "HEAD"), shared.get(target)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Type"] == whole.headers["Content-Type"]
        assert int(head.headers["Content-Length"]) > 0


def test_it_is_healthy_as_long_as_its_pollers_live(served: Served) -> None:
    assert (served.get("/-/healthy").status_code, served.get("/-/healthy").text) == (
        200,
        "healthy\n",
    )
    served.alive = False
    assert served.get("/-/healthy").status_code == 503


def test_it_is_ready_when_every_source_was_asked(served: Served) -> None:
    answer = served.get("/-/ready")
    assert (answer.status_code, answer.text) == (503, "not asked yet: mediamtx <main>\n")
    # Its forwards are not asked as long as it is down.
    served.publish("no connection")
    answer = served.get("/-/ready")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_the_snapshot_is_json(served: Served) -> None:
    answer = served.get("/snapshot")
    assert answer.headers["Content-Type"] == "application/json"
    assert set(answer.json()) == {"sequence", "time", "servers", "studios", "host"}
    assert answer.json()["servers"][0]["up"] is False


@pytest.mark.parametrize("after", ["", "x", "-1", "1.0", "9" * 19, "²", " 1", "1;2"])
def test_a_bad_after_is_400(shared: Served, after: str) -> None:
    answer = shared.get(f"/snapshot?after={after}")
    assert (answer.status_code, answer.text) == (400, "after: must be a sequence number\n")


def test_after_waits_for_the_next_snapshot(served: Served) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(served.get, "/snapshot?after=0") for _ in range(20)]
        # Others are served meanwhile.
        assert served.get("/metrics").status_code == 200
        assert not any(answer.done() for answer in waiting)
        served.publish()
        assert {answer.result(10).json()["sequence"] for answer in waiting} == {1}


def test_after_answers_at_once_if_there_is_another_one(served: Served) -> None:
    served.publish()
    # 99 was the last of an exporter that has begun again since.
    for after in (0, 99):
        began = time.monotonic()
        assert served.get(f"/snapshot?after={after}").json()["sequence"] == 1
        assert time.monotonic() - began < 5


def waits(served: Served) -> socket.socket:
    """A client that waits for a snapshot, and is known to."""
    address = served.server.url.removeprefix("http://").split(":")
    client = socket.create_connection((address[0], int(address[1])), timeout=10)
    client.sendall(b"GET /snapshot?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: served.server._server.server_state.tasks)
    return client


def test_it_ends_at_once_and_quietly_while_clients_wait(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), waits(served) as client:
        began = time.monotonic()
        served.server.stop()
        assert time.monotonic() - began < 1.3
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert caplog.messages == []


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
def test_it_ends_while_a_client_says_nothing_more(served: Served, sent: bytes) -> None:
    host, _, port = served.server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(sent)
        eventually(lambda: served.server._server.server_state.connections)
        began = time.monotonic()
        served.server.stop()
        assert time.monotonic() - began < 1.5


def test_it_can_be_stopped_before_it_was_asked_anything() -> None:
    with serving() as served:
        assert served.server.url.startswith("http://127.0.0.1:")


def test_answers_do_not_wait_for_an_acknowledgement(served: Served) -> None:
    # Without it asyncio sets no TCP_NODELAY, and each answer on a kept connection is 40 ms late.
    assert served.server._socket.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_refused_when_it_is_made(served: Served) -> None:
    port = int(served.server.url.rpartition(":")[2])
    with pytest.raises(ConfigError) as raised, serving(listen=Listen("127.0.0.1", port)):
        pass
    assert str(raised.value) == (
        f"exporter.listen: 127.0.0.1:{port} cannot be listened on (Address already in use); "
        "choose another address or port"
    )


def test_an_address_that_is_not_ours_is_refused() -> None:
    for host in ("192.0.2.1", "nowhere.invalid"):
        with pytest.raises(ConfigError, match=f"exporter.listen: {host}:0 cannot be listened on"):
            HttpServer(lambda *_: None, Listen(host, 0), None, "exporter.listen")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1")
    (folder / "cert.pem").write_bytes(b"".join(c.bytes() for c in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    return Tls(cert=folder / "cert.pem", key=folder / "key.pem")


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.mark.parametrize("secure", [False, True])
def test_without_the_password_there_is_nothing(tls: Tls, ca_file: Path, secure: bool) -> None:
    with serving(USERS, tls if secure else None) as served, requests.Session() as session:
        session.verify = str(ca_file)
        session.trust_env = False
        refusals = set()
        for target, method, credentials in itertools.product(PAGES, METHODS, STRANGERS):
            answer = ask(session, served, target, method, credentials)
            told = sorted(answer.headers.keys() - {"date"})
            refusals.add((answer.status_code, answer.text, *told))
        ((status, text, *headers),) = refusals
        assert (status, text) == (401, "401 Unauthorized\n")
        assert "www-authenticate" in headers
        right = ask(session, served, "/metrics", "GET", ("anna", "hunter2"))
        assert (right.status_code, "mediamtx_up" in right.text) == (200, True)
        assert ask(session, served, "/nowhere", "GET", ("anna", "hunter2")).status_code == 404


def ask(
    session: requests.Session,
    served: Served,
    target: str,
    method: str,
    credentials: tuple[str, str] | None,
) -> requests.Response:
    return session.request(method, served.server.url + target, auth=credentials, timeout=10)


def test_https_is_what_it_says(tls: Tls, ca_file: Path) -> None:
    with serving(tls=tls) as served:
        assert served.server.url.startswith("https://127.0.0.1:")
        answer = requests.get(f"{served.server.url}/-/healthy", verify=str(ca_file), timeout=10)
        assert answer.text == "healthy\n"
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{served.server.url}/-/healthy", timeout=10)
        plain = served.server.url.replace("https", "http")
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{plain}/-/healthy", timeout=10)


def test_it_ends_while_a_tls_client_keeps_its_connection(
    tls: Tls, ca_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tls=tls) as served, requests.Session() as session:
        assert session.get(f"{served.server.url}/-/healthy", verify=str(ca_file), timeout=10).ok
        began = time.monotonic()
        served.server.stop()
        assert time.monotonic() - began < 1.3
    assert caplog.messages == []
