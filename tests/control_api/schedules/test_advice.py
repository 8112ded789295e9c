"""What a schedule's answer says beside it: overlaps, and nights on which clocks are set."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.control_api.schedules.conftest import HandClock, body, unix

URL = "/api/schedules"

# The database has no part in it.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def made(client: TestClient, **others: Any) -> Any:
    answer = client.post(URL, json=body(**others))
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def test_an_overlap_is_told_on_both_sides_and_is_no_error(client: TestClient) -> None:
    made(client, weekdays=["fri"], title="Early")
    late = made(client, weekdays=["fri"], start="22:09", end="23:00")
    assert len(late["conflicts"]) == 9  # Fridays of 60 days
    assert late["conflicts"][0] == {
        "schedule_id": 1,
        "title": "Early",
        "start": "2026-11-20T19:50:00+01:00",
        "end": "2026-11-20T22:10:00+01:00",
    }
    early = client.get(f"{URL}/1").json()["data"]
    assert {each["schedule_id"] for each in early["conflicts"]} == {2}
    client.patch(f"{URL}/2", json={"weekdays": ["sat"]})
    assert client.get(f"{URL}/1").json()["data"]["conflicts"] == []


def test_ten_are_enough(client: TestClient) -> None:
    made(client, weekdays=["fri", "sat", "sun"])
    assert len(made(client, weekdays=["fri", "sat", "sun"])["conflicts"]) == 10


def test_windows_that_touch_or_are_elsewhere_or_are_off_are_no_conflict(
    client: TestClient,
) -> None:
    made(client)
    made(client, enabled=False)
    made(client, studio="hall")
    assert made(client, start="22:10", end="23:00")["conflicts"] == []
    assert made(client, start="19:00", end="19:50")["conflicts"] == []


def test_an_overlap_over_midnight_is_found(client: TestClient) -> None:
    made(client, weekdays=["fri"], start="20:00", end="02:00")
    short = made(client, weekdays=["sat"], start="01:00", end="01:30")
    assert len(short["conflicts"]) == 9


def test_a_start_that_does_not_exist_is_told(client: TestClient) -> None:
    notes = made(client, weekdays=["sun"], start="02:30", end="05:00")["notes"]
    assert notes == [
        "on 2027-03-28 02:30 does not exist in Europe/Berlin: recorded from 03:00",
        "the window of 2027-03-28 lasts 30 min shorter than usual",
        "on 2027-10-31 02:30 comes twice in Europe/Berlin: recorded from the first of the two",
        "the window of 2027-10-31 lasts 1 h longer than usual",
    ]


def test_an_end_that_does_not_exist_is_told(client: TestClient) -> None:
    notes = made(client, weekdays=["sat"], start="22:00", end="02:30")["notes"]
    assert notes == [
        "on 2027-03-28 02:30 does not exist in Europe/Berlin: recorded until 03:30",
        "on 2027-10-31 02:30 comes twice in Europe/Berlin: recorded until the first of the two",
    ]


def test_a_longer_and_a_shorter_night_are_told(client: TestClient) -> None:
    notes = made(client, weekdays=["sat"], start="22:00", end="04:00", timezone="America/New_York")[
        "notes"
    ]
    assert notes == [
        "the window of 2027-03-13 lasts 1 h shorter than usual",
        "the window of 2027-11-06 lasts 1 h longer than usual",
    ]


def test_half_an_hour_is_half_an_hour(client: TestClient) -> None:
    zone = "Australia/Lord_Howe"
    notes = made(client, weekdays=["sat"], start="22:00", end="04:00", timezone=zone)["notes"]
    assert notes == [
        "the window of 2027-04-03 lasts 30 min longer than usual",
        "the window of 2027-10-02 lasts 30 min shorter than usual",
    ]


def test_a_night_that_is_skipped_or_elsewhere_is_not_told(client: TestClient) -> None:
    saturday = {"weekdays": ["sat"], "start": "22:00", "end": "04:00"}
    assert made(client, **saturday, skip=["2027-03-27", "2027-10-30"])["notes"] == []
    assert made(client, **saturday, timezone="UTC")["notes"] == []
    assert made(client, weekdays=["fri"], start="22:00", end="04:00")["notes"] == []
    assert made(client, weekdays=["sun"], start="04:00", end="05:00")["notes"] == []


def test_advice_is_of_now(client: TestClient, clock: HandClock) -> None:
    once = {"weekdays": [], "add": ["2026-11-21"]}
    made(client, **once)
    assert len(made(client)["conflicts"]) == 1
    clock.at = unix("2026-11-22T12:00")
    assert client.get(f"{URL}/2").json()["data"]["conflicts"] == []
