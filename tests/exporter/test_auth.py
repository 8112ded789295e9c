"""Basic authentication: nobody without, and nothing that tells about whom there is."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import bcrypt
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.auth import BasicAuth
from exporter.exposition import Renderer
from exporter.pages import Pages
from exporter.server import create_app
from exporter.snapshot import SnapshotStore
from tests.counted import Counted

# The costs differ on purpose: their time must not tell who is there.
USERS = {
    "anna": bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode(),
    "béla": bcrypt.hashpw("pässwort:x".encode(), bcrypt.gensalt(5)).decode(),
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"secret page"})


def ask(auth: ASGIApp, header: bytes | None, kind: str = "http") -> list[Message]:
    """What is sent back to a request with this Authorization header."""
    headers = [] if header is None else [(b"authorization", header)]
    scope = {"type": kind, "method": "GET", "path": "/", "headers": headers}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    asyncio.run(auth(scope, receive, send))
    return sent


def basic(text: str | bytes) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return b"Basic " + base64.b64encode(raw)


@pytest.fixture
def auth() -> BasicAuth:
    return BasicAuth(app, USERS)


@pytest.mark.parametrize("pair", ["anna:hunter2", "béla:pässwort:x"])
def test_the_right_ones_get_in_again_and_again(auth: BasicAuth, pair: str) -> None:
    for scheme in (b"Basic", b"basic", b"BASIC", b"Basic"):
        first, body = ask(auth, basic(pair).replace(b"Basic", scheme))
        assert (first["status"], body["body"]) == (200, b"secret page")


WRONG = [
    None,
    b"",
    b"Basic",
    b"Basic ",
    b"Basic !",
    b"Basic \xe9\xff",
    b"Bearer hunter2",
    basic("anna"),
    basic("anna:"),
    basic("anna:hunter3"),
    basic("anna:hunter2\n"),
    basic("anna:hunter2\0"),
    basic(":hunter2"),
    basic("Anna:hunter2"),
    basic("nobody:hunter2"),
    basic("béla:hunter2"),
    basic("anna:pässwort:x"),
    basic(b"\xff\xfe:hunter2"),
    basic("anna:" + "x" * 10_000),
    basic("anna:hunter2") + b" ",
    b"Digest " + basic("anna:hunter2"),
]


@pytest.mark.parametrize("header", WRONG)
def test_everybody_else_gets_401_and_nothing_more(auth: BasicAuth, header: bytes | None) -> None:
    first, body = ask(auth, header)
    headers = dict(first["headers"])
    assert (first["status"], body["body"]) == (401, b"401 Unauthorized\n")
    assert headers[b"www-authenticate"] == b'Basic realm="leitstand", charset="UTF-8"'


def test_a_password_is_as_long_as_bcrypt_sees_it() -> None:
    long = "x" * 100
    auth = BasicAuth(app, {"anna": bcrypt.hashpw(long[:72].encode(), bcrypt.gensalt(4)).decode()})
    assert ask(auth, basic(f"anna:{long}"))[0]["status"] == 200


def computed(auth: BasicAuth, header: bytes, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The costs of the hashes that are computed for one request."""
    costs: list[bytes] = []
    check = bcrypt.checkpw

    def spy(password: bytes, hashed: bytes) -> bool:
        costs.append(hashed[4:6])
        return check(password, hashed)

    with monkeypatch.context() as patch:
        patch.setattr(bcrypt, "checkpw", spy)
        ask(auth, header)
    return sorted(costs)


def test_a_wrong_password_costs_what_an_unknown_user_costs(
    auth: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pair in ("anna:x", "béla:x", "nobody:x", ":", "anna:" + "x" * 500, "nobody:" + "x" * 500):
        assert computed(auth, basic(pair), monkeypatch) == [b"04", b"05"], pair


def test_a_right_password_is_computed_once(
    auth: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert computed(auth, basic("anna:hunter2"), monkeypatch)
    assert computed(auth, basic("anna:hunter2"), monkeypatch) == []
    assert computed(auth, basic("anna:hunter3"), monkeypatch)


def test_what_is_remembered_is_bounded_and_holds_no_password(auth: BasicAuth) -> None:
    # Beyond the 72 bytes that count, each of these is another right header.
    users = {"anna": bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()}
    auth = BasicAuth(app, users)
    for number in range(150):
        assert ask(auth, basic(f"anna:{'x' * 72}{number}"))[0]["status"] == 200
    remembered: set[Any] = auth._passed
    assert 0 < len(remembered) <= 100
    assert all(len(digest) == 32 for digest in remembered)


def test_only_the_lifespan_passes_without_a_question(auth: BasicAuth) -> None:
    assert "secret page" in str(ask(auth, None, kind="lifespan"))
    assert "secret page" not in str(ask(auth, None, kind="websocket"))


def test_who_gets_in_is_authorised(auth: BasicAuth) -> None:
    counted = Counted(auth)
    for header in (None, basic("anna:hunter3")):
        ask(counted, header)
    assert counted.take() == 0
    ask(counted, basic("anna:hunter2"))
    assert counted.take() == 1


def test_without_users_everybody_who_asks_is_authorised() -> None:
    store = SnapshotStore([])
    client = TestClient(counted := Counted(create_app(store, Pages(store, Renderer()), bool, {})))
    assert client.get("/-/healthy").status_code == 503
    assert counted.take() == 1
