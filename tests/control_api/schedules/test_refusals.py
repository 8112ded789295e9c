"""What cannot be is refused, with the field, the value and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.schedules.windows import DAY
from tests.control_api.schedules.conftest import HandClock, body, unix

URL = "/api/schedules"

# The database has no part in it.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def refused(client: TestClient, **others: Any) -> str:
    answer = client.post(URL, json=body(**others))
    assert answer.status_code == 422, answer.text
    assert client.get(URL).json()["data"] == []
    return str(answer.json()["detail"])


WRONG = [
    ({"start": "24:00"}, "start: '24:00': a window cannot begin at 24:00"),
    ({"start": "25:00"}, "start: '25:00': must be a time of day, HH:MM or HH:MM:SS, up to 24:00"),
    ({"start": "7:50"}, "start: '7:50': must be"),
    ({"start": "07:60"}, "start: '07:60': must be"),
    ({"start": "١٩:٥٠"}, "start: '١٩:٥٠': must be"),
    ({"start": 1950}, "start: 1950: must be"),
    ({"start": None}, "start: None: must be"),
    ({"start": ...}, "start: "),
    ({"end": "24:00:01"}, "end: '24:00:01': must be"),
    ({"end": "24:30"}, "end: '24:30': must be"),
    ({"end": "22:10\n"}, "end: '22:10\\n': must be"),
    ({"end": "19:50"}, "end: the same as start; for a whole day write start 00:00 and end 24:00"),
    ({"weekdays": ["friday"]}, "weekdays.0: 'friday': Input should be 'mon', 'tue'"),
    ({"weekdays": "fri"}, "weekdays: 'fri': "),
    ({"timezone": "Berlin"}, "timezone: 'Berlin': must be a time zone such as Europe/Berlin"),
    ({"timezone": "../../etc/passwd"}, "timezone: '../../etc/passwd': must be a time zone"),
    ({"timezone": "Europe\0"}, "timezone: "),
    ({"timezone": "Europe"}, "timezone: 'Europe': must be a time zone"),
    ({"studio": "cellar"}, "studio: there is no 'cellar'; there are: stage, hall"),
    ({"studio": ...}, "studio: needed, since there is not exactly one; there are: stage, hall"),
    ({"skip": ["2026-02-30"]}, "skip.0: '2026-02-30': must be a date, YYYY-MM-DD, 2000-01-01 to"),
    ({"add": ["2026-W01-1"]}, "add.0: '2026-W01-1': must be a date"),
    ({"add": ["9999-12-31"]}, "add.0: '9999-12-31': must be a date"),
    ({"add": [20261120]}, "add.0: 20261120: must be a date"),
    ({"skip": ["2026-12-24"] * 367}, "skip: List should have at most 366 items"),
    ({"title": ""}, "title: '': "),
    ({"title": "   "}, "title: '   ': "),
    ({"title": "x" * 201}, "at most 200 characters"),
    ({"title": "a\x1b[2Jb"}, "title: 'a\\x1b[2Jb': must be one line without control characters"),
    ({"title": "a\nb"}, "must be one line"),
    ({"title": "a\0b"}, "must be one line"),
    ({"title": "a\u2028b"}, "must be one line"),
    ({"enabled": "yes"}, "enabled: 'yes': "),
    ({"colour": "red"}, "colour: 'red': Extra inputs are not permitted"),
    ({"weekdays": []}, "weekdays, skip and add: it would never record"),
    ({"weekdays": [], "add": ["2026-11-19"]}, "it would never record"),
    ({"weekdays": [], "add": ["2026-12-01"], "skip": ["2026-12-01"]}, "it would never record"),
    ({"weekdays": [], "enabled": False}, "it would never record"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG, ids=[str(each)[:40] for each, _ in WRONG])
def test_what_cannot_be_is_refused_with_field_value_and_what_is_allowed(
    client: TestClient, wrong: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(client, **wrong)


def test_half_a_character_is_refused(client: TestClient) -> None:
    text = '{"title": "\\ud800", "weekdays": ["fri"], "start": "10:00", "end": "11:00"}'
    answer = client.post(URL, content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_every_date_of_the_weekday_may_be_skipped_but_not_all(client: TestClient) -> None:
    fridays = [HandClock(unix("2026-11-20T12:00") + week * 7 * DAY).day for week in range(58)]
    assert "it would never record" in refused(client, weekdays=["fri"], skip=fridays)
    assert client.post(URL, json=body(weekdays=["fri"], skip=fridays[:52])).status_code == 201


@pytest.mark.parametrize("number", ["0", "-1", "2147483648", "9" * 40, "x"])
def test_an_impossible_number_is_422(client: TestClient, number: str) -> None:
    assert client.get(f"{URL}/{number}").status_code == 422
    assert client.get(f"{URL}/runs?before={number}").status_code == 422
