"""The list of events: newest first, page by page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.database import Database
from control_api.events.service import EventService, Kind
from control_api.events.store import EventStore
from control_api.events.tables import EventRow

URL = "/api/events"


class NewYear:
    def now(self) -> float:
        return 1_767_225_600.25

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def events(database: Database) -> EventService:
    return EventService(EventStore(database), NewYear())


@pytest.fixture
def client(events: EventService, serve: Callable[..., TestClient]) -> TestClient:
    return serve({EventService: events}, Role.VIEWER)


def test_an_event_has_its_time_with_an_offset(events: EventService, client: TestClient) -> None:
    events.tell(Kind.RECORDING_STARTED, "stage", "recording started", file="a.mkv")
    answer = client.get(URL).json()
    assert answer["success"]
    assert answer["data"] == [
        {
            "id": 1,
            "time": "2026-01-01T00:00:00.250000Z",
            "kind": "recording_started",
            "studio": "stage",
            "message": "recording started",
            "data": {"file": "a.mkv"},
        }
    ]


def test_pages_lead_to_the_first_event(events: EventService, client: TestClient) -> None:
    for number in range(5):
        events.tell(Kind.OBS_LOST, "stage", f"lost for the time number {number}")
    newest = client.get(URL, params={"limit": 2}).json()["data"]
    assert [event["id"] for event in newest] == [5, 4]
    rest = client.get(URL, params={"before": 4}).json()["data"]
    assert [event["id"] for event in rest] == [3, 2, 1]


def test_they_can_be_narrowed_down(events: EventService, client: TestClient) -> None:
    events.tell(Kind.OBS_LOST, "stage", "lost")
    events.tell(Kind.OBS_BACK, "stage", "back")
    events.tell(Kind.OBS_LOST, "hall", "lost")
    found = client.get(URL, params={"kind": "obs_lost", "studio": "stage"}).json()["data"]
    assert [event["id"] for event in found] == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 1_001},
        {"before": -1},
        {"before": 2**63},
        {"kind": "nonsense"},
        {"studio": "a\x00b"},
        {"studio": "s" * 64},
    ],
)
def test_what_is_wrong_is_named(client: TestClient, wrong: dict[str, object]) -> None:
    answer = client.get(URL, params=wrong)
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.json()["detail"]


def test_markup_stays_text(events: EventService, client: TestClient) -> None:
    hostile = "<script>alert(1)</script>\u202e\n\x1b[2J"
    events.tell(Kind.RECORDING_FAILED, "stage", hostile, file=hostile)
    event = client.get(URL).json()["data"][0]
    assert (event["message"], event["data"]) == (hostile, {"file": hostile})


def test_old_events_are_forgotten(database: Database) -> None:
    store = EventStore(database)
    clock = NewYear()
    events = EventService(store, clock)
    for age in (3.0, 0.5):
        store.add(
            EventRow(
                time=clock.now() - age * 86_400, kind="obs_lost", studio=None, message="", data={}
            )
        )
    events.forget(days=1)
    assert [event.id for event in events.newest()] == [2]
