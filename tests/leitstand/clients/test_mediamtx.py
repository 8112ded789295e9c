"""The client against servers that are right, wrong, hostile or not a MediaMTX at all."""

from __future__ import annotations

import contextlib
import gzip
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path as File
from typing import Any

import pytest
import trustme

from leitstand.clients.mediamtx import (
    Access,
    BadAnswer,
    MediaMTXClient,
    MediaMTXError,
    Refused,
    TooSlow,
    Unreachable,
)
from leitstand.clients.mediamtx.objects import Forward, Path, RtmpConn
from leitstand.config import MediaMTXConfig
from leitstand.demo.mediamtx import DemoMediaMTX, Fault, World
from tests.leitstand.clients.raw import RawServer, answer

SECRET = "hunter2"
INFO = answer(b'{"version":"v1.20.1","started":"2026-01-01T00:00:00Z"}')


@contextlib.contextmanager
def client_of(
    url: str,
    authorization: Callable[[], str | None] = lambda: None,
    ca_file: File | None = None,
    **limits: int,
) -> Iterator[MediaMTXClient]:
    client = MediaMTXClient(Access(url, authorization, ca_file), **limits)
    yield client
    client.close()


def failure_of(url: str, **access: Any) -> MediaMTXError:
    """Why asking for the paths failed; nothing secret may be in it, however it is shown."""
    with (
        client_of(url, **access) as client,
        pytest.raises(MediaMTXError) as raised,
        client.within(20),
    ):
        client.items("paths", Path)
    shown = "".join(traceback.format_exception(raised.value))
    assert SECRET not in shown
    assert "127.0.0.1" not in str(raised.value)
    return raised.value


def told_by(says: bytes, **limits: int) -> MediaMTXError:
    """Why that is no answer."""
    with RawServer(says) as server:
        server.closes = True
        return failure_of(server.url, **limits)


@pytest.fixture(scope="module")
def guarded() -> Iterator[DemoMediaMTX]:
    with DemoMediaMTX(World(), username="monitor", password=f"{SECRET} ä:€") as demo:
        demo.wrong_password_delay = 0
        yield demo


def config(url: str, **login: str) -> MediaMTXConfig:
    return MediaMTXConfig(name="main", url=url, **login)


def test_it_gets_in_with_a_password(guarded: DemoMediaMTX) -> None:
    login = config(guarded.url, username="monitor", password=f"{SECRET} ä:€")
    with client_of(guarded.url, login.authorization) as client:
        info = client.info()
        assert info is not None
        assert info.version == "demo"


def test_it_gets_in_with_a_token() -> None:
    with DemoMediaMTX(World(), username="a.b.c", password=SECRET) as demo:
        login = config(demo.url, token=f"a.b.c:{SECRET}")
        with client_of(demo.url, login.authorization) as client:
            assert client.info() is not None


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"username": "monitor", "password": f"{SECRET}x"},
        {"username": "anna", "password": f"{SECRET} ä:€"},
        {"token": f"{SECRET}:x"},
    ],
    ids=["none", "wrong password", "wrong user", "wrong token"],
)
def test_whoever_does_not_know_the_password_is_refused(
    guarded: DemoMediaMTX, login: dict[str, str]
) -> None:
    error = failure_of(guarded.url, authorization=config(guarded.url, **login).authorization)
    assert isinstance(error, Refused)
    assert str(error) == "refused the credentials (wrong, or without the api permission)"


def test_no_secret_is_in_what_a_client_shows_of_itself() -> None:
    login = config("http://127.0.0.1:9997", username="monitor", password=SECRET)
    for authorization in (login.authorization, partial(str, f"Bearer {SECRET}")):
        access = Access("http://127.0.0.1:9997", authorization)
        client = MediaMTXClient(access)
        for shown in (access, client):
            assert SECRET not in f"{shown!r} {shown}"
            assert "Basic" not in f"{shown!r} {shown}"
        client.close()


def test_answers_become_objects() -> None:
    world = World()
    world.publish("a b/ä&x=1%", "rtmp")
    with DemoMediaMTX(world) as demo, client_of(f"{demo.url}/") as client:
        (path,) = client.items("paths", Path) or []
        assert (path.name, path.source and path.source.type) == ("a b/ä&x=1%", "rtmpConn")
        (conn,) = client.items("rtmpconns", RtmpConn) or []
        assert (conn.path, conn.state) == ("a b/ä&x=1%", "publish")
        assert client.forwards("a b/ä&x=1%") == []
        assert demo.targets[-1] == (
            "/v3/paths/forward/list?path=a%20b%2F%C3%A4%26x%3D1%25&itemsPerPage=100000"
        )


def test_forwards_come_without_their_address() -> None:
    with DemoMediaMTX() as demo, client_of(demo.url) as client:
        forwards = client.forwards("uplink")
        assert [type(forward) for forward in forwards or ()] == [Forward] * 3
        assert SECRET not in repr(forwards)


def test_what_a_server_does_not_offer_is_none_and_the_connection_is_kept() -> None:
    with RawServer(answer(b"404 page not found", "404 Not Found", "text/plain")) as server:
        with client_of(server.url) as client:
            assert client.info() is None
            assert client.items("moqsessions", Path) is None
            assert client.forwards("x") is None
            server.says = INFO
            assert client.info() is not None
        assert (server.connections, len(server.requests)) == (1, 4)


def test_a_404_of_the_api_itself_is_a_bad_answer() -> None:
    says = answer(b'{"status":"error","error":"path hunter2 not found"}', "404 Not Found")
    error = told_by(says)
    assert isinstance(error, BadAnswer)
    assert str(error) == "answered 404 to paths/list"


@pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 403, 500, 503, 599])
def test_any_other_status_is_a_bad_answer(status: int) -> None:
    error = told_by(f"HTTP/1.1 {status} {SECRET}\r\nContent-Length: 0\r\n\r\n".encode())
    assert (type(error), str(error)) == (BadAnswer, f"answered {status} to paths/list")


@pytest.mark.parametrize("location", ["/v3/other", f"http://{SECRET}/", "\xff", "http://[", ""])
def test_a_redirect_is_not_followed(location: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with RawServer(head.encode("latin-1")) as server:
        error = failure_of(server.url)
        assert (type(error), str(error)) == (BadAnswer, "answered 302 to paths/list")
        assert len(server.requests) == 1


DEEP = b'{"items":[],"hunter2":' + b"[" * 100_000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "something that is not JSON"),
        (b"<html>hunter2", "something that is not JSON"),
        (b'{"items":[]} hunter2', "something that is not JSON"),
        (b'{"items":[{"name":"\xffhunter2","confName":""}]}', "something that is not JSON"),
        (b"\x00\xff\xfehunter2", "something that is not JSON"),
        (b'"hunter2"', "Expected `object`, got `str`"),
        (b"null", "Expected `object`, got `null`"),
        (b'{"hunter2":1}', "missing required field `items`"),
        (b'{"items":"hunter2"}', "Expected `array`, got `str` - at `$.items`"),
        (b'{"items":[{"name":"hunter2"}]}', "missing required field `confName`"),
        (b'{"items":[{"name":{"hunter2":1},"confName":""}]}', "got `object`"),
        (b'{"items":[{"name":"","confName":"","inboundBytes":"hunter2"}]}', "inboundBytes`"),
        (b'{"items":[{"name":"","confName":"","tracks2":[{"codec":{"hunter2":0}}]}]}', "codec`"),
        (b'{"items":[{"name":"","confName":"","inboundBytes":1e999}]}', "out of range"),
        (DEEP, "something that is not JSON"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else "",
)
def test_what_is_no_answer_is_told_without_its_values(body: bytes, reason: str) -> None:
    error = told_by(answer(body))
    assert isinstance(error, BadAnswer)
    assert str(error).startswith("answered paths/list ")
    assert reason in str(error)


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"SSH-2.0-hunter2\r\n",
        b"hunter2 " * 10_000,
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/1.1 hunter2 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Hunter: hunter2\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"hunter2" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: hunter2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b'{"items":["hunter2"',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhunter2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nhunter2",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nhunter2",
    ],
    ids=range(12),
)
def test_what_is_no_http_is_an_error_of_ours(says: bytes) -> None:
    error = told_by(says)
    assert isinstance(error, BadAnswer | Unreachable)
    assert str(error).startswith(("no connection: ", "broke off ", "answered paths/list "))


def test_a_server_that_is_not_there() -> None:
    error = failure_of("http://127.0.0.1:9")
    assert (type(error), str(error)) == (Unreachable, "no connection: Connection refused")


@pytest.mark.parametrize("url", ["http://a..b:1", "http://[::1", "http://127.0.0.1:99999", "x://y"])
def test_an_address_that_is_none_is_an_error_of_ours(url: str) -> None:
    with client_of(url) as client, pytest.raises(MediaMTXError):
        client.info()


def test_an_answer_that_is_too_large_is_refused_and_the_next_one_is_read() -> None:
    with DemoMediaMTX() as demo, client_of(demo.url, largest_answer=5000) as client:
        with pytest.raises(BadAnswer, match="answered paths/list with more than 5000 bytes"):
            client.items("paths", Path)
        assert client.info() is not None


@pytest.mark.parametrize("status", ["200 OK", "302 Found\r\nLocation: /", "404 Not Found", "500 X"])
def test_no_answer_may_be_too_large_nor_become_so(status: str) -> None:
    packed = gzip.compress(bytes(20_000_000))
    head = f"HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    error = told_by(head.encode() + packed, largest_answer=5000)
    assert "more than 5000 bytes" in str(error)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.GARBAGE, BadAnswer),
        (Fault.UNAUTHORIZED, Refused),
        (Fault.SERVER_ERROR, BadAnswer),
        (Fault.HALF_BODY, BadAnswer),
        (Fault.HANG, TooSlow),
        (Fault.SLOW, TooSlow),
    ],
)
def test_after_a_fault_the_next_answer_is_read(fault: Fault, kind: type[MediaMTXError]) -> None:
    with DemoMediaMTX() as demo, client_of(demo.url) as client:
        demo.fault = fault
        with pytest.raises(kind), client.within(0.2):
            client.items("paths", Path)
        demo.fault = Fault.NONE
        with client.within(20):
            assert client.items("paths", Path)
        # Nor does a deadline that passed hold for what is asked without one.
        assert client.info() is not None


def test_all_questions_share_one_deadline() -> None:
    def ask() -> None:
        with client.within(0.2):
            while True:
                client.info()

    with DemoMediaMTX(World()) as demo, client_of(demo.url) as client:
        began = time.monotonic()
        with pytest.raises(TooSlow, match=r"^no complete answer within 0.2 s$"):
            ask()
        assert 0.2 <= time.monotonic() - began < 5


def test_what_was_cut_off_is_never_taken_for_an_answer() -> None:
    says = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX: " + b"x" * 300
    with RawServer(says) as server, client_of(server.url) as client:
        server.whole = says.index(b"X:")
        with pytest.raises(TooSlow), client.within(0.2):
            client.info()


def test_a_mistake_inside_a_deadline_stays_what_it_is() -> None:
    with client_of("http://127.0.0.1:9") as client, pytest.raises(ZeroDivisionError):
        with client.within(0):
            raise ZeroDivisionError


def test_tls_with_a_certificate_of_ones_own(tls: ssl.SSLContext, ca_file: File) -> None:
    with DemoMediaMTX(tls=tls) as demo, client_of(demo.url, ca_file=ca_file) as client:
        for _ in range(3):
            assert client.items("paths", Path)


def test_a_certificate_of_somebody_unknown_is_refused(tls: ssl.SSLContext, tmp_path: File) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    with DemoMediaMTX(tls=tls) as demo:
        for ca_file in (None, stranger):
            error = failure_of(demo.url, ca_file=ca_file)
            assert isinstance(error, Unreachable)
            assert "TLS failed: " in str(error)
            assert "certificate verify failed" in str(error)
        assert not demo.requests


def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, ca_file: File) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mediamtx.example").configure_cert(context)
    with RawServer(INFO, context) as server:
        with client_of(server.url, ca_file=ca_file) as client:
            with pytest.raises(Unreachable, match="not valid for '127.0.0.1'"):
                client.info()
        assert not server.requests


def test_http_and_https_are_not_taken_for_each_other(tls: ssl.SSLContext) -> None:
    with DemoMediaMTX(World()) as demo:
        error = failure_of(demo.url.replace("http:", "https:"))
        assert isinstance(error, Unreachable)
        assert str(error).startswith("TLS failed: ")
    with DemoMediaMTX(World(), tls=tls) as demo:
        assert isinstance(failure_of(demo.url.replace("https:", "http:")), Unreachable)


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: File) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"default login anna password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(INFO) as proxy, RawServer(INFO) as server:
        for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with client_of(server.url) as client:
            assert client.info() is not None
        assert (proxy.connections, server.connections) == (0, 1)
        assert b"Authorization" not in server.requests[0]


def test_an_abort_makes_what_is_asked_fail_at_once() -> None:
    with RawServer(INFO) as server, client_of(server.url) as client:
        assert client.info() is not None
        client.abort()
        with pytest.raises(MediaMTXError):
            client.info()
        assert len(server.requests) == 1
