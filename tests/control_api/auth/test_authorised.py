"""Whose connection may stay: those who have a token, a login or a signed link."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from control_api.auth.access import Role
from tests.control_api.auth.house import House
from tests.counted import Counted

LISTEN = "/api/things/live"


@pytest.fixture
def counted(house: House) -> Counted:
    return Counted(house.app)


def client(counted: Counted, token: str | None = None) -> TestClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return TestClient(counted, raise_server_exceptions=False, headers=headers)


def test_a_token_authorises(house: House, counted: Counted) -> None:
    known = client(counted, house.token(Role.VIEWER))
    assert known.get("/api/auth/me").status_code == 200
    assert counted.take()
    # Who may not do this one thing is known all the same.
    assert known.post("/api/things/1", json={"text": "x"}).status_code == 403
    assert counted.take()
    with known.websocket_connect(LISTEN) as socket:
        assert socket.receive_text() == "viewer"
    assert counted.take()


def test_a_login_authorises_from_its_next_request_on(house: House, counted: Counted) -> None:
    browser = client(counted)
    token = house.token(Role.VIEWER)
    assert browser.post("/api/auth/login", json={"token": token}).status_code == 200
    counted.take()
    assert browser.get("/api/auth/me").status_code == 200
    assert counted.take()


def test_nobody_else_is_authorised(counted: Counted) -> None:
    for stranger in (client(counted), client(counted, "lst_wrong")):
        for path in ("/api/ping", "/api/auth/me", "/", "/app.js", "/api/links/x", "/nowhere"):
            stranger.get(path)
        stranger.post("/api/auth/login", json={"token": "lst_wrong"})
        with pytest.raises(WebSocketDisconnect), stranger.websocket_connect(LISTEN):
            pass
    assert counted.take() == 0
