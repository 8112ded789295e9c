"""Tokens over HTTP: made, used, listed, revoked; and what each role may do."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from control_api.auth.access import Role
from control_api.auth.last_use import LastUse
from control_api.auth.store import AuthStore
from control_api.auth.tokens import fingerprint, new_token
from control_api.errors import Conflict
from tests.control_api.auth.house import House
from tests.running import eventually

BODY = {"text": "x"}


def test_a_token_has_256_random_bits() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("lst_") and len(token) >= 4 + 43 for token in tokens)


@pytest.mark.parametrize(
    ("role", "looks", "changes", "lists"),
    [(Role.VIEWER, 200, 403, 403), (Role.OPERATOR, 200, 200, 403), (Role.ADMIN, 200, 200, 200)],
)
def test_each_role_may_what_those_before_it_may(
    house: House, role: Role, looks: int, changes: int, lists: int
) -> None:
    client = house.client(house.token(role))
    assert client.get("/api/auth/me").status_code == looks
    assert client.post("/api/things/1", json=BODY).status_code == changes
    assert client.get("/api/auth/tokens").status_code == lists


def test_me_is_who_asks(house: House) -> None:
    answer = house.client(house.token(Role.OPERATOR, "Büro 2")).get("/api/auth/me")
    assert answer.json()["data"] == {"name": "Büro 2", "role": "operator"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_is_made_shown_once_and_works(houses: House) -> None:
    admin = houses.client(houses.token(Role.ADMIN))
    answer = admin.post("/api/auth/tokens", json={"name": "hall", "role": "viewer"})
    assert answer.status_code == 201
    secret = answer.json()["data"]["token"]
    assert houses.client(secret).get("/api/auth/me").json()["data"]["name"] == "hall"
    listed = admin.get("/api/auth/tokens")
    assert [(t["name"], t["role"], t["created_by"]) for t in listed.json()["data"]] == [
        ("hall", "viewer", "admin"),
        ("admin", "admin", "test"),
    ]
    assert secret not in listed.text
    assert fingerprint(secret) not in listed.text


def test_what_is_kept_does_not_hold_the_token(house: House) -> None:
    secret = house.token(Role.ADMIN)
    house.browser(secret)
    with house.database.engine.connect() as connection:
        for table in ("tokens", "logins", "audit"):
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert rows
            assert secret not in str(rows)


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 64, "<b>", "a\u202eb", "\ud800"])
def test_a_name_is_short_and_plain(house: House, name: str) -> None:
    admin = house.client(house.token(Role.ADMIN))
    body = f'{{"name": {ascii_json(name)}, "role": "viewer"}}'
    headers = {"Content-Type": "application/json"}
    answer = admin.post("/api/auth/tokens", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("name: ")


def ascii_json(value: str) -> str:
    return '"' + "".join(f"\\u{ord(each):04x}" for each in value) + '"'


def test_a_name_in_use_is_refused_and_free_when_its_token_is_revoked(houses: House) -> None:
    admin = houses.client(houses.token(Role.ADMIN))
    body = {"name": "hall", "role": "viewer"}
    number = admin.post("/api/auth/tokens", json=body).json()["data"]["id"]
    again = admin.post("/api/auth/tokens", json=body)
    assert (again.status_code, "'hall' is in use" in again.json()["detail"]) == (409, True)
    admin.delete(f"/api/auth/tokens/{number}")
    assert admin.post("/api/auth/tokens", json=body).status_code == 201


def test_a_revoked_token_and_its_logins_end_at_once(houses: House) -> None:
    admin = houses.client(houses.token(Role.ADMIN))
    new = houses.auth.create("hall", Role.VIEWER, "test")
    client, browser = houses.client(new.secret), houses.browser(new.secret)
    assert client.get("/api/auth/me").status_code == 200
    assert browser.get("/api/auth/me").status_code == 200
    answer = admin.delete(f"/api/auth/tokens/{new.token.id}")
    assert answer.json()["data"]["revoked_at"] is not None
    assert client.get("/api/auth/me").status_code == 401
    assert browser.get("/api/auth/me").status_code == 401
    assert browser.post("/api/auth/login", json={"token": new.secret}).status_code == 401


def test_the_last_admin_stays(houses: House) -> None:
    first = houses.auth.create("first", Role.ADMIN, "test")
    second = houses.auth.create("second", Role.ADMIN, "test")
    client = houses.client(first.secret)
    assert client.delete(f"/api/auth/tokens/{second.token.id}").status_code == 200
    # A second time changes nothing, and is no other admin less.
    assert client.delete(f"/api/auth/tokens/{second.token.id}").status_code == 200
    refused = client.delete(f"/api/auth/tokens/{first.token.id}")
    assert refused.status_code == 409
    assert "last admin" in refused.json()["detail"]
    assert client.get("/api/auth/me").status_code == 200


def test_a_token_that_is_not_there_is_404(house: House) -> None:
    admin = house.client(house.token(Role.ADMIN))
    assert admin.delete("/api/auth/tokens/999").status_code == 404


@pytest.mark.parametrize(
    "header", ["Bearer lst_wrong", "Bearer ", "Basic dTpw", "lst_wrong", "", "Bearer \xff\xfe"]
)
def test_a_wrong_header_is_401_and_says_how(house: House, header: str) -> None:
    client = house.browser(house.token(Role.ADMIN))
    raw = header.encode("latin-1")
    answer = client.get("/api/auth/me", headers={b"Authorization": raw})
    # Not even with a good cookie beside it.
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"].startswith("Authorization: ")


def test_when_a_token_was_used_is_noted_once_a_minute(houses: House) -> None:
    client = houses.client(houses.token(Role.VIEWER))
    for step, jump, seconds in ((0, 0, 0), (59, 0, 0), (1, 0, 60), (0, -3_600, -3_540)):
        houses.clock.seconds += step
        houses.clock.ahead += jump
        client.get("/api/auth/me")
        noted = 1_800_000_000 + seconds
        eventually(lambda noted=noted: houses.auth.tokens()[0].last_used_at == noted)


class FullDisk(AuthStore):
    def used(self, times: Mapping[int, float]) -> None:
        raise OperationalError("UPDATE", {}, Exception("database or disk is full"))


def test_with_a_full_disk_tokens_work(house: House) -> None:
    client = house.client(house.token(Role.VIEWER))
    house.auth._last_use = LastUse(FullDisk(house.database))
    assert client.get("/api/auth/me").status_code == 200


def test_two_admins_that_revoke_each_other_leave_one(houses: House) -> None:
    numbers = [houses.auth.create(f"a{n}", Role.ADMIN, "test").token.id for n in range(4)]

    def revoke(number: int) -> bool:
        with contextlib.suppress(Conflict):
            houses.auth.revoke(number)
            return True
        return False

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(revoke, numbers)) == [False, True, True, True]
    assert houses.auth.has_admin()
