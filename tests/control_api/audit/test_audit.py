"""The audit log: every attempt to change something, and nothing secret."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from control_api.audit.service import AuditService, Deed
from control_api.audit.store import AuditStore
from control_api.auth.access import Caller, Role
from control_api.database import Database
from control_api.limits import Rate, Rates
from control_api.recorder.protocol import Audit
from tests.control_api.auth.house import House


def last(house: House) -> dict[str, Any]:
    entry = house.audit.newest(1)[0]
    return {
        "who": entry.who,
        "role": entry.role,
        "action": entry.action,
        "status": entry.status,
        "detail": entry.detail,
    }


def test_a_change_is_kept_with_who_what_and_where(house: House) -> None:
    client = house.client(house.token(Role.OPERATOR, "hall"))
    client.post("/api/things/seven", json={"text": "hunter2"})
    assert last(house) == {
        "who": "hall",
        "role": "operator",
        "action": "POST /api/things/{id}",
        "status": 200,
        "detail": {"id": "seven", "length": 7},
    }
    entry = house.audit.newest()[0]
    assert (entry.address, entry.time) == ("testclient", house.clock.now())


def test_refused_ones_too(house: House) -> None:
    viewer, operator = (house.client(house.token(role)) for role in (Role.VIEWER, Role.OPERATOR))
    body = {"text": "x"}
    house.client().post("/api/things/1", json=body)
    house.client("lst_wrong").post("/api/things/1", json=body)
    viewer.post("/api/things/1", json=body)
    operator.post("/api/things/1", json={})
    operator.post("/api/things/1", content=b"x" * 1_000_001)
    operator.post("/api/things/1", json={"text": "break"})
    operator.post("/api/nowhere")
    kept = [(entry.who, entry.status) for entry in reversed(house.audit.newest())]
    assert kept == [
        ("", 401),
        ("", 401),
        ("viewer", 403),
        ("operator", 422),
        ("", 413),
        ("operator", 500),
        ("", 404),
    ]
    assert last(house)["action"] == "POST (no such route)"


def test_looking_is_not_kept(house: House) -> None:
    house.client(house.token(Role.VIEWER)).get("/api/auth/me")
    assert house.audit.newest() == []


def test_logins_are_kept_without_their_tokens(house: House) -> None:
    token = house.token(Role.VIEWER)
    house.browser(token)
    assert last(house)["who"] == "viewer"
    house.client().post("/api/auth/login", json={"token": "lst_wrong"})
    assert (last(house)["who"], last(house)["status"]) == ("", 401)
    house.client().post("/api/auth/login", json={"token": ["lst_wrong"]})
    kept = str(house.audit.newest())
    assert token not in kept
    assert "lst_wrong" not in kept


def test_tokens_made_and_revoked_are_named_not_shown(house: House) -> None:
    admin = house.client(house.token(Role.ADMIN))
    made = admin.post("/api/auth/tokens", json={"name": "hall", "role": "viewer"}).json()["data"]
    assert last(house)["detail"] == {"token": made["id"], "name": "hall", "role": "viewer"}
    admin.delete(f"/api/auth/tokens/{made['id']}")
    assert last(house)["detail"] == {"id": str(made["id"]), "name": "hall"}
    assert made["token"] not in str(house.audit.newest())


def test_only_admins_read_it_newest_first(houses: House) -> None:
    admin, viewer = (houses.client(houses.token(role)) for role in (Role.ADMIN, Role.VIEWER))
    for number in range(4):
        (admin if number % 2 else viewer).post(f"/api/things/{number}", json={"text": "x"})
    assert viewer.get("/api/audit").status_code == 403

    def listed(query: str) -> list[tuple[str, str]]:
        entries = admin.get(f"/api/audit{query}").json()["data"]
        return [(entry["who"], entry["detail"]["id"]) for entry in entries]

    assert listed("?limit=2") == [("admin", "3"), ("viewer", "2")]
    second = admin.get("/api/audit?limit=2").json()["data"][1]["id"]
    assert listed(f"?before={second}") == [("admin", "1"), ("viewer", "0")]
    assert listed("?who=viewer") == [("viewer", "2"), ("viewer", "0")]
    assert listed("?who=nobody") == []


@pytest.mark.parametrize(
    "query", ["limit=1001", "limit=0", "before=0", "who=%00", "who=" + "x" * 101]
)
def test_what_is_asked_for_is_bounded(house: House, query: str) -> None:
    admin = house.client(house.token(Role.ADMIN))
    assert admin.get(f"/api/audit?{query}").status_code == 422


def test_strangers_and_the_hasty_do_not_fill_it(sqlite: Database) -> None:
    rates = Rates(token=Rate(2), strangers=Rate(3))
    house = House(sqlite, rates)
    for client in (house.client(house.token(Role.OPERATOR)), house.client()):
        for _ in range(9):
            client.post("/api/things/1", json={"text": "x"})
    kept = [entry.status for entry in reversed(house.audit.newest())]
    assert kept == [200] * 2 + [401] * 3


def entry_of(who: str) -> Audit:
    return Audit(
        uid=uuid.uuid4().hex, time=0.0, who=who, role="", address="", action="", status=200
    )


def test_the_oldest_go_and_strangers_push_nobody_out(database: Database) -> None:
    store = AuditStore(database, most=30, most_of_strangers=20, every=10)
    for number in range(200):
        store.add(entry_of("anna" if number < 5 or 100 <= number < 150 else ""))
        if number == 60:
            assert len(store.newest(1_000, None, "anna")) == 5
    assert 20 <= len(store.newest(1_000, None, "anna")) <= 30
    assert 10 <= len(store.newest(1_000, None, "")) <= 20


class FullDisk(AuditStore):
    def add(self, entry: Audit) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))


def test_with_a_full_disk_the_deed_is_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    service = AuditService(FullDisk(house.database), house.clock)
    service.note(Deed(Caller("hall", Role.OPERATOR), "192.0.2.7", "POST /api/x", 200, {}))
    assert "hall from 192.0.2.7: POST /api/x -> 200" in caplog.text


def test_what_cannot_be_written_as_json_is_no_fault_of_who_asked(
    houses: House, caplog: pytest.LogCaptureFixture
) -> None:
    houses.audit.note(Deed(None, "192.0.2.7", "POST /api/x", 200, {"what": object()}))
    assert "not in the audit log" in caplog.text
