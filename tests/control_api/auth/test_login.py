"""The login of browsers: its cookie, its end, and that no other page can use it."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from control_api.auth.access import Role
from control_api.auth.service import LOGIN_SECONDS
from control_api.auth.store import AuthStore
from control_api.auth.tables import LoginRow
from control_api.auth.tokens import fingerprint
from leitstand.config.values import parse_listen
from leitstand.serving import HttpServer
from tests.control_api.auth.house import House

OWN = {"Origin": "http://testserver"}
BODY = {"text": "x"}


def test_the_cookie_is_for_this_site_and_not_for_scripts(house: House) -> None:
    token = house.token(Role.VIEWER)
    answer = house.client().post("/api/auth/login", json={"token": token})
    assert answer.json()["data"] == {"name": "viewer", "role": "viewer"}
    cookie = answer.headers["Set-Cookie"]
    value, *flags = cookie.split("; ")
    assert value.startswith("leitstand=")
    assert token not in cookie
    assert {flag.lower() for flag in flags} == {
        "httponly",
        "samesite=strict",
        "path=/",
        "max-age=2592000",
    }


def test_under_tls_the_cookie_is_secure(house: House) -> None:
    body = {"token": house.token(Role.VIEWER)}
    answer = house.client(base="https://testserver").post("/api/auth/login", json=body)
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_a_wrong_token_gives_no_cookie(house: House) -> None:
    answer = house.client().post("/api/auth/login", json={"token": "lst_wrong"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "lst_wrong" not in answer.text


def test_a_login_ends_after_30_days(houses: House) -> None:
    browser = houses.browser(houses.token(Role.VIEWER))
    cookies = dict(browser.cookies)
    houses.clock.seconds += LOGIN_SECONDS - 1
    assert houses.client().get("/api/auth/me", headers=sent(cookies)).status_code == 200
    houses.clock.seconds += 1
    assert houses.client().get("/api/auth/me", headers=sent(cookies)).status_code == 401


def sent(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def test_logout_ends_the_login_even_for_who_kept_the_cookie(house: House) -> None:
    browser = house.browser(house.token(Role.VIEWER))
    kept = sent(dict(browser.cookies))
    answer = browser.post("/api/auth/logout", headers=OWN)
    assert answer.status_code == 200
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert house.client().get("/api/auth/me", headers=kept).status_code == 401


def test_many_logins_with_one_token_do_not_pile_up(houses: House) -> None:
    token = houses.token(Role.VIEWER)
    old = houses.auth.login(token)
    houses.clock.seconds += LOGIN_SECONDS
    houses.auth.login(token)
    with houses.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM logins").scalar() == 1
    assert houses.auth.by_cookie(old.cookie) is None


def test_a_login_that_was_being_made_while_its_token_was_revoked_is_none(houses: House) -> None:
    new = houses.auth.create("hall", Role.VIEWER, "test")
    houses.auth.revoke(new.token.id)
    now = houses.clock.now()
    row = LoginRow(
        hash=fingerprint("late"), token_id=new.token.id, created_at=now, expires_at=now + 60
    )
    AuthStore(houses.database).add_login(row)
    assert houses.auth.by_cookie("late") is None


OTHERS = [
    {},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://[evil"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://testserver:8081"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", OTHERS, ids=str)
def test_another_page_cannot_use_the_cookie(house: House, headers: dict[str, str]) -> None:
    browser = house.browser(house.token(Role.ADMIN))
    assert browser.post("/api/things/1", json=BODY, headers=headers).status_code == 403
    assert browser.post("/api/auth/logout", headers=headers).status_code == 403
    assert browser.get("/api/auth/me", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [OWN, {"Origin": "https://testserver"}, {"Sec-Fetch-Site": "same-origin"}], ids=str
)
def test_the_own_page_can(house: House, headers: dict[str, str]) -> None:
    browser = house.browser(house.token(Role.ADMIN))
    assert browser.post("/api/things/1", json=BODY, headers=headers).status_code == 200


def test_a_token_of_its_own_may_come_from_any_page(house: House) -> None:
    client = house.client(house.token(Role.OPERATOR))
    headers = {"Origin": "http://other.example"}
    assert client.post("/api/things/1", json=BODY, headers=headers).status_code == 200


def test_another_page_cannot_sign_somebody_in(house: House) -> None:
    body = {"token": house.token(Role.VIEWER)}
    headers = {"Origin": "http://evil.example"}
    answer = house.client().post("/api/auth/login", json=body, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def listens(client: TestClient, headers: dict[str, str] | None = None) -> str | int:
    """What the socket says first, or the status of its refusal."""
    try:
        with client.websocket_connect("/api/things/live", headers=dict(headers or {})) as socket:
            return socket.receive_text()
    except WebSocketDenialResponse as refusal:
        return refusal.status_code


def test_a_web_socket_needs_a_token_or_the_own_page(house: House) -> None:
    token = house.token(Role.VIEWER)
    browser = house.browser(token)
    assert listens(house.client()) == 401
    assert listens(house.client("lst_wrong")) == 401
    assert listens(house.client(token)) == "viewer"
    assert listens(browser) == 403
    assert listens(browser, {"Origin": "http://evil.example"}) == 403
    assert listens(browser, OWN) == "viewer"


def test_the_real_server_refuses_the_handshake_with_the_status(house: House) -> None:
    listen = parse_listen("127.0.0.1:0")
    server = HttpServer(house.app, listen, None, "control_api.listen", websockets=True)
    server.start()
    url = server.url.replace("http", "ws") + "/api/things/live"
    try:
        with pytest.raises(InvalidStatus) as refused:
            connect(url, proxy=None)
        assert refused.value.response.status_code == 401
        assert b"needs a token" in refused.value.response.body
        headers = {"Authorization": f"Bearer {house.token(Role.VIEWER)}"}
        with connect(url, additional_headers=headers, proxy=None) as socket:
            assert socket.recv(timeout=10) == "viewer"
    finally:
        server.stop()
