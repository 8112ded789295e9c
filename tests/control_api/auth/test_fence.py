"""Around the app: how often, how much, from which pages; and what the document says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from control_api.auth.access import Role
from control_api.database import Database
from control_api.limits import Rate, Rates
from tests.control_api.auth.house import House

FEW = Rates(token=Rate(5), address=Rate(40), logins=Rate(3), wrong=Rate(4), strangers=Rate(1_000))


@pytest.fixture
def strict(sqlite: Database) -> House:
    return House(sqlite, FEW)


def test_a_token_may_ask_so_often_and_then_again(strict: House) -> None:
    client = strict.client(strict.token(Role.VIEWER))
    other = strict.client(strict.token(Role.OPERATOR))
    assert [client.get("/api/auth/me").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = client.get("/api/auth/me")
    assert "too many requests of viewer" in refused.json()["detail"]
    assert other.get("/api/auth/me").status_code == 200
    strict.clock.seconds += int(refused.headers["Retry-After"])
    assert client.get("/api/auth/me").status_code == 200


def test_a_login_counts_as_its_token(strict: House) -> None:
    token = strict.token(Role.VIEWER)
    client, browser = strict.client(token), strict.browser(token)
    for _ in range(5):
        client.get("/api/auth/me")
    assert browser.get("/api/auth/me").status_code == 429


def test_an_address_may_ask_so_often_even_for_what_is_open(strict: House) -> None:
    client = strict.client()
    assert [client.get("/api/ping").status_code for _ in range(41)] == [200] * 40 + [429]
    refused = client.get("/api/ping")
    assert int(refused.headers["Retry-After"]) in (1, 2)
    assert refused.headers["Cache-Control"] == "no-store"
    assert set(refused.json()) == {"detail"}


def test_logins_are_few(strict: House) -> None:
    client, body = strict.client(), {"token": strict.token(Role.VIEWER)}
    answers = [client.post("/api/auth/login", json=body).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_who_tries_tokens_is_stopped_but_not_who_was_let_in(strict: House) -> None:
    known, late = strict.client(strict.token(Role.VIEWER)), strict.token(Role.OPERATOR)
    assert known.get("/api/auth/me").status_code == 200
    tries = [strict.client(f"lst_{n}").get("/api/auth/me").status_code for n in range(6)]
    assert tries == [401] * 4 + [429] * 2
    # Even with the right one: else it could be found by going on.
    assert strict.client(late).get("/api/auth/me").status_code == 429
    assert known.get("/api/auth/me").status_code == 200
    strict.clock.seconds += 15
    assert strict.client(late).get("/api/auth/me").status_code == 200


def test_a_hundred_viewers_behind_one_address_with_one_token() -> None:
    rates = Rates()
    # Picture and status, every 2 s, for 100.
    assert min(rates.token.count, rates.address.count) / rates.token.seconds >= 100 * 2 / 2


def test_a_body_is_one_megabyte_at_most(house: House) -> None:
    client = house.client(house.token(Role.OPERATOR))
    headers = {"Content-Type": "application/json"}

    def chunks(count: int) -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(count):
            yield b"x" * 100_000
        yield b'"}'

    sent = [
        client.post("/api/things/1", content=b"x" * 1_000_001, headers=headers),
        client.post("/api/things/1", content=chunks(10), headers=headers),
    ]
    assert [answer.status_code for answer in sent] == [413, 413]
    assert all("1000000 bytes" in answer.json()["detail"] for answer in sent)
    good = client.post("/api/things/1", content=chunks(9), headers=headers)
    assert good.status_code == 200


def test_a_large_body_is_read_of_those_only_who_have_a_token(house: House) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(9):
            yield b"x" * 50_000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    small = house.client().post("/api/things/1", content=b"x" * 60_000, headers=headers)
    assert small.status_code in (401, 422)
    for client in (house.client(), house.client("lst_wrong")):
        refused = client.post("/api/things/1", content=chunks(), headers=headers)
        assert refused.status_code == 401
        assert "oken" in refused.json()["detail"]
    operator = house.client(house.token(Role.OPERATOR))
    assert operator.post("/api/things/1", content=chunks(), headers=headers).status_code == 200


def test_without_origins_no_other_page_may_read(house: House) -> None:
    answer = house.client().get("/api/ping", headers={"Origin": "https://page.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_configured_origins_may_ask_with_a_token_but_no_cookie(sqlite: Database) -> None:
    house = House(sqlite, cors=["https://page.example"])
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for origin, allowed in (("https://page.example", True), ("https://evil.example", False)):
        answer = house.client().options("/api/things/1", headers={"Origin": origin, **asked})
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_document_says_which_routes_take_a_token(house: House) -> None:
    assert house.client().get("/api/openapi.json").status_code == 401
    document = house.client(house.token(Role.VIEWER)).get("/api/openapi.json").json()
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    me = document["paths"]["/api/auth/me"]["get"]
    assert me["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/api/auth/login"]["post"]
    for status in ("400", "401", "403", "413", "422", "429"):
        schema = me["responses"][status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Failure"}
