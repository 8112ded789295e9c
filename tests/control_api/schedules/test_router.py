"""/api/schedules: what may be said, what is answered, and what is refused and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.database import Database
from control_api.schedules.runs import Outcome, RunStore
from control_api.schedules.service import ScheduleService
from control_api.schedules.tables import RunRow
from tests.control_api.schedules.conftest import Changes, HandClock, Make, body, unix

URL = "/api/schedules"


def made(client: TestClient, **others: Any) -> Any:
    answer = client.post(URL, json=body(**others))
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def test_a_schedule_is_answered_with_its_next_windows(client: TestClient) -> None:
    answer = client.post(URL, json=body())
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{URL}/1"
    assert answer.json() == {
        "success": True,
        "message": "",
        "data": {
            "id": 1,
            "title": "Evening",
            "studio": "stage",
            "weekdays": ["fri", "sat"],
            "start": "19:50",
            "end": "22:10",
            "timezone": "Europe/Berlin",
            "skip": [],
            "add": [],
            "enabled": True,
            "next": [
                {"start": "2026-11-20T19:50:00+01:00", "end": "2026-11-20T22:10:00+01:00"},
                {"start": "2026-11-21T19:50:00+01:00", "end": "2026-11-21T22:10:00+01:00"},
                {"start": "2026-11-27T19:50:00+01:00", "end": "2026-11-27T22:10:00+01:00"},
            ],
            "conflicts": [],
            "notes": [],
        },
    }
    assert client.get(f"{URL}/1").json()["data"] == answer.json()["data"]


def test_all_that_can_be_said_is_kept(client: TestClient, make: Make) -> None:
    made(
        client,
        title="  Tür & Öffnung 🎬 ",
        weekdays=["sun", "mon", "sun"],
        start="22:10:30",
        end="24:00:00",
        timezone="America/New_York",
        skip=["2026-12-25", "2026-12-25"],
        add=["2027-01-02", "2027-01-01"],
        enabled=False,
    )
    kept = client.get(f"{URL}/1").json()["data"]
    assert kept["title"] == "Tür & Öffnung 🎬"
    assert kept["weekdays"] == ["mon", "sun"]
    assert (kept["start"], kept["end"]) == ("22:10:30", "24:00")
    assert kept["timezone"] == "America/New_York"
    assert kept["skip"] == ["2026-12-25"]
    assert kept["add"] == ["2027-01-01", "2027-01-02"]
    assert kept["enabled"] is False
    assert kept["next"] == []
    assert make("stage").all() == make("stage", "hall").all() != []  # after a restart


def test_the_studio_may_be_left_out_where_there_is_one(
    serve: Callable[..., TestClient], make: Make
) -> None:
    client = serve({ScheduleService: make("only")})
    assert made(client, studio=...)["studio"] == "only"


def test_a_single_evening_is_refused_only_when_it_is_over(
    client: TestClient, clock: HandClock
) -> None:
    once = {"weekdays": ..., "add": ["2026-11-20"]}
    clock.at = unix("2026-11-20T22:09:59")
    made(client, **once)
    clock.at = unix("2026-11-20T22:10")
    assert client.post(URL, json=body(**once)).status_code == 422
    assert client.patch(f"{URL}/1", json={"title": "It was good"}).status_code == 200
    assert client.post(f"{URL}/1/disable").status_code == 200
    answer = client.post(f"{URL}/1/enable")
    assert answer.status_code == 422
    assert "it would never record" in answer.json()["detail"]
    assert client.patch(f"{URL}/1", json={"add": ["2026-11-21"], "enabled": True}).is_success


def test_a_change_changes_what_it_has(client: TestClient, changes: Changes) -> None:
    before = made(client, skip=["2026-11-21"])
    changed = client.patch(f"{URL}/1", json={"end": "23:00", "skip": [], "title": None})
    assert changed.status_code == 200
    after = changed.json()["data"]
    differ = {key for key in before if before[key] != after[key]}
    assert differ == {"end", "skip", "next"}
    assert client.get(f"{URL}/1").json()["data"] == after
    assert client.patch(f"{URL}/1", json={"end": "19:50"}).status_code == 422
    assert client.patch(f"{URL}/1", json={"weekdays": []}).status_code == 422
    assert client.patch(f"{URL}/1", json={"studio": "cellar"}).status_code == 422
    assert client.get(f"{URL}/1").json()["data"] == after
    assert changes.count == 2  # refused ones change nothing


def test_writing_it_anew_leaves_nothing_of_before(client: TestClient) -> None:
    made(client, skip=["2026-11-21"], timezone="America/New_York", enabled=False)
    answer = client.put(f"{URL}/1", json=body(title="New", studio="hall"))
    assert answer.status_code == 200
    now = answer.json()["data"]
    assert (now["title"], now["studio"], now["skip"]) == ("New", "hall", [])
    assert (now["timezone"], now["enabled"]) == ("Europe/Berlin", True)
    assert client.put(f"{URL}/1", json={"title": "Half"}).status_code == 422


def test_what_is_switched_off_has_no_next_window(client: TestClient) -> None:
    made(client)
    assert client.post(f"{URL}/1/disable").json()["data"]["next"] == []
    assert client.get(f"{URL}/1/next").json()["data"] == []
    assert client.get(f"{URL}/next").json()["data"] == []
    assert len(client.post(f"{URL}/1/enable").json()["data"]["next"]) == 3


def test_the_next_windows_of_one_and_of_all(client: TestClient) -> None:
    made(client)
    made(client, studio="hall", title="Late", start="23:00", end="01:00", timezone="UTC")
    assert len(client.get(f"{URL}/1/next?count=100").json()["data"]) == 100
    every = client.get(f"{URL}/next?count=3").json()["data"]
    assert [each["schedule_id"] for each in every] == [1, 2, 1]
    assert every[1] == {
        "schedule_id": 2,
        "studio": "hall",
        "title": "Late",
        "date": "2026-11-20",
        "start": "2026-11-20T23:00:00Z",
        "end": "2026-11-21T01:00:00Z",
    }
    hall = client.get(f"{URL}/next?count=3&studio=hall").json()["data"]
    assert {each["schedule_id"] for each in hall} == {2}
    assert client.get(f"{URL}/next?studio=cellar%00").json()["data"] == []
    for count in ("0", "101", "x"):
        assert client.get(f"{URL}/next?count={count}").status_code == 422


def test_the_list_is_of_one_studio_if_asked(client: TestClient) -> None:
    made(client)
    made(client, studio="hall")
    assert [each["id"] for each in client.get(URL).json()["data"]] == [1, 2]
    assert [each["id"] for each in client.get(f"{URL}?studio=hall").json()["data"]] == [2]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/7"),
        ("PUT", "/7"),
        ("PATCH", "/7"),
        ("DELETE", "/7"),
        ("POST", "/7/enable"),
        ("POST", "/7/disable"),
        ("GET", "/7/next"),
        ("GET", "/7/runs"),
    ],
)
def test_what_is_not_there_is_404(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, URL + path, json=body() if method == "PUT" else {})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("schedule: there is no 7")


def test_a_viewer_looks_and_an_operator_changes(
    serve: Callable[..., TestClient], service: ScheduleService
) -> None:
    operator = serve({ScheduleService: service}, Role.OPERATOR)
    made(operator)
    viewer = serve({ScheduleService: service}, Role.VIEWER)
    for path in ("", "/1", "/next", "/runs", "/1/next", "/1/runs"):
        assert viewer.get(URL + path).status_code == 200
    assert viewer.post(URL, json=body()).status_code == 403
    assert viewer.put(f"{URL}/1", json=body()).status_code == 403
    assert viewer.patch(f"{URL}/1", json={}).status_code == 403
    assert viewer.delete(f"{URL}/1").status_code == 403
    assert viewer.post(f"{URL}/1/enable").status_code == 403
    assert viewer.post(f"{URL}/1/disable").status_code == 403
    assert operator.delete(f"{URL}/1").status_code == 200


def run(schedule_id: int, start: float) -> RunRow:
    return RunRow(
        schedule_id=schedule_id,
        studio="stage",
        title="Evening",
        start=start,
        end=start + 3600,
        outcome=Outcome.PARTLY,
        recorded_seconds=3540.0,
        gaps=[{"start": start, "end": start + 60, "reason": "OBS was gone", "code": "obs_away"}],
        accounted_until=start + 3600,
    )


def test_runs_say_what_was_recorded_and_why_the_rest_was_not(
    client: TestClient, database: Database
) -> None:
    made(client)
    runs = RunStore(database)
    for hour in range(3):
        runs.save(run(1, unix("2026-11-19T20:00") + hour * 3600))
    runs.save(run(9, unix("2026-11-18T20:00")))
    newest, *rest = client.get(f"{URL}/1/runs").json()["data"]
    assert newest == {
        "id": 3,
        "schedule_id": 1,
        "studio": "stage",
        "title": "Evening",
        "start": "2026-11-19T22:00:00+01:00",
        "end": "2026-11-19T23:00:00+01:00",
        "outcome": "partly",
        "recorded_seconds": 3540.0,
        "missing_seconds": 60.0,
        "gaps": [
            {
                "start": "2026-11-19T22:00:00+01:00",
                "end": "2026-11-19T22:01:00+01:00",
                "reason": "OBS was gone",
                "reason_code": "obs_away",
                "reason_params": {},
            }
        ],
    }
    assert [each["id"] for each in rest] == [2, 1]
    every = client.get(f"{URL}/runs?limit=2&before=3").json()["data"]
    assert [each["id"] for each in every] == [2, 1]
    assert [each["id"] for each in client.get(f"{URL}/runs?before=1").json()["data"]] == [4]
    assert client.get(f"{URL}/runs?limit=501").status_code == 422


def test_deleting_keeps_the_runs_and_nobody_inherits_them(
    client: TestClient, database: Database
) -> None:
    made(client)
    RunStore(database).save(run(1, unix("2026-11-19T20:00")))
    answer = client.delete(f"{URL}/1")
    assert answer.json()["message"] == "schedule 1 (Evening) is deleted"
    assert client.get(f"{URL}/1").status_code == 404
    assert made(client)["id"] == 2
    assert client.get(f"{URL}/2/runs").json()["data"] == []
    assert [each["schedule_id"] for each in client.get(f"{URL}/1/runs").json()["data"]] == [1]
    assert [each["schedule_id"] for each in client.get(f"{URL}/runs").json()["data"]] == [1]


def test_the_document_has_examples_that_are_taken(client: TestClient) -> None:
    shapes = client.get("/api/openapi.json").json()["components"]["schemas"]
    for example in shapes["ScheduleIn"]["examples"]:
        answer = client.post(URL, json={"studio": "stage", **example})
        assert answer.status_code == 201, answer.text
    for example in shapes["ScheduleChange"]["examples"]:
        assert client.patch(f"{URL}/1", json=example).status_code == 200
