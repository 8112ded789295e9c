"""/api/streams over HTTP, as server-sent events and by WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from control_api.auth.access import Caller
from control_api.clock import SystemClock
from control_api.errors import Unauthorized
from control_api.streams import router as room
from control_api.streams.follower import Follower
from control_api.streams.hub import Hub
from control_api.streams.live import by_events, messages
from control_api.streams.service import StreamService
from leitstand.feed import FeedError
from tests.control_api.conftest import OpenGate
from tests.running import eventually

Json = dict[str, Any]
Made = Callable[..., Json]


@pytest.fixture
def streams() -> StreamService:
    return StreamService(SystemClock())


@pytest.fixture
def client(serve: Callable[..., TestClient], streams: StreamService) -> TestClient:
    return serve({StreamService: streams})


def data(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/streams{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture
def known(streams: StreamService, path: Made, snapshot: Made) -> StreamService:
    for number in range(2):
        grown = 10_000 * number
        streams.heard(
            snapshot(
                number,
                1_000.0 + 2 * number,
                path("stage/main", inbound_bytes=2 * grown, readers={"hls": 2, "srt": 1}),
                path("cam 1", inbound_bytes=grown, last_data=900.0),
                path("cam/2", online=False, expected=True),
            )
        )
    return streams


def test_before_the_first_snapshot_it_says_why_there_is_none(client: TestClient) -> None:
    for path in ("/latest", "", "/main/stage"):
        answer = client.get(f"/api/streams{path}")
        assert answer.status_code == 503
        assert "no snapshot" in answer.json()["detail"]


def test_the_latest_is_the_snapshot_and_whether_it_is_fresh(
    client: TestClient, known: StreamService
) -> None:
    latest = data(client, "/latest")
    assert latest["sequence"] == 1
    assert latest["feed"]["connected"] is True
    known.failed("the exporter at http://127.0.0.1:9896: cannot be reached")
    latest = data(client, "/latest")
    assert latest["feed"]["connected"] is False
    assert "cannot be reached" in latest["feed"]["error"]
    assert latest["servers"][0]["paths"][0]["name"] == "stage/main"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["cam 1", "cam/2", "stage/main"]),
        ("?state=live", ["stage/main"]),
        ("?state=frozen", ["cam 1"]),
        ("?state=offline", ["cam/2"]),
        ("?q=CAM", ["cam 1", "cam/2"]),
        ("?server=other", []),
        ("?sort=bitrate", ["stage/main", "cam 1", "cam/2"]),
        ("?sort=viewers&page_size=1", ["stage/main"]),
        ("?page=2&page_size=2", ["stage/main"]),
    ],
)
def test_a_list(client: TestClient, known: StreamService, query: str, names: list[str]) -> None:
    assert [item["path"] for item in data(client, query)["items"]] == names


@pytest.mark.parametrize("query", ["?state=broken", "?sort=colour", "?page=0", "?page_size=501"])
def test_what_is_not_allowed_is_told(client: TestClient, known: StreamService, query: str) -> None:
    assert client.get(f"/api/streams{query}").status_code == 422


def test_one_with_its_last_minutes(client: TestClient, known: StreamService) -> None:
    one = data(client, "/main/stage/main")
    assert one["inbound_bitrate"] == 80_000.0
    assert one["viewers"] == 3
    assert one["minutes"]["times"] == [1_000.0, 1_002.0]
    assert one["minutes"]["inbound_bitrate"] == [None, 80_000.0]
    assert data(client, "?curve=3")["items"][2]["curve"] == [None, None, 80_000.0]
    assert client.get("/api/streams/main/nobody").status_code == 404


def test_charts_of_the_last_hour(client: TestClient, known: StreamService) -> None:
    charts = data(client, "/charts")
    assert charts["viewers"] == [3.0]
    assert charts["inbound_bitrate"] == [None]


def test_first_the_whole_then_changes_with_their_number(
    client: TestClient, known: StreamService, path: Made, snapshot: Made
) -> None:
    with client.websocket_connect("/api/streams/live") as socket:
        whole = socket.receive_json()
        assert whole["type"] == "whole"
        assert [each["name"] for each in whole["data"]["servers"][0]["paths"]] == [
            "stage/main",
            "cam 1",
            "cam/2",
        ]
        known.heard(snapshot(3, 1_004.0, path("stage/main", inbound_bytes=30_000)))
        change = socket.receive_json()
        assert change["type"] == "change"
        assert change["sequence"] == whole["sequence"] + 1
        paths = change["servers"]["main"]["paths"]
        assert paths["cam 1"] is None
        assert paths["stage/main"]["inbound_bytes"] == 30_000
        assert "video" not in paths["stage/main"]
        known.failed("gone")
        feed = socket.receive_json()
        assert (feed["type"], feed["connected"], feed["error"]) == ("feed", False, "gone")
        known.heard(snapshot(4, 1_010.0))
        assert socket.receive_json()["type"] == "whole"


def test_a_heartbeat_while_nothing_happens(
    client: TestClient, known: StreamService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "HEARTBEAT", 0.1)
    with client.websocket_connect("/api/streams/live") as socket:
        assert socket.receive_json()["type"] == "whole"
        assert socket.receive_json() == {"type": "heartbeat"}


def test_a_token_that_is_not_good_any_more_ends_it(known: StreamService) -> None:
    class Closing(OpenGate):
        def caller(self, connection: HTTPConnection) -> Caller:
            raise Unauthorized("revoked")

    async def follow() -> list[str | None]:
        check = Closing().caller
        return [text async for text in messages(known.hub, 0.05, lambda: check(None))]  # type: ignore[arg-type]

    with pytest.raises(Unauthorized):
        asyncio.run(follow())


def test_server_sent_events_until_the_server_ends(
    known: StreamService, path: Made, snapshot: Made
) -> None:
    stopping = threading.Event()

    async def follow() -> list[str]:
        found = []
        async for text in by_events(known.hub, lambda: None, 60.0, stopping):
            found.append(text)
            if len(found) == 1:
                threading.Thread(target=known.heard, args=(snapshot(3, 1_004.0),)).start()
            else:
                stopping.set()
        return found

    first, second = asyncio.run(asyncio.wait_for(follow(), 20))
    assert json.loads(first.removeprefix("data: "))["type"] == "whole"
    assert json.loads(second.removeprefix("data: "))["type"] == "change"


class TestHub:
    def test_who_is_a_little_behind_gets_each(self) -> None:
        hub = self.filled(3)
        texts, seen = hub.since(1)
        assert [json.loads(text)["n"] for text in texts] == [1, 2]
        assert seen == 3
        assert hub.since(3) == ((), 3)

    def test_who_is_far_behind_gets_the_newest_state_alone(self) -> None:
        hub = self.filled(1_000)
        texts, seen = hub.since(5)
        assert [json.loads(text)["type"] for text in texts] == ["whole"]
        assert seen == 1_000

    def test_a_number_of_a_service_before_this_one_is_no_number(self) -> None:
        texts, _ = self.filled(3).since(17)
        assert json.loads(texts[0])["type"] == "whole"

    def filled(self, count: int) -> Hub:
        hub = Hub(lambda: {"data": None})
        for number in range(count):
            hub.put({"type": "change", "n": number}, lambda: None)
        return hub


class Fickle:
    """A feed that does what it is told to."""

    def __init__(self, *told: Json | Exception) -> None:
        self.told = list(told)
        self.asked: list[int | None] = []
        self._end = threading.Event()

    def next(self, after: int | None, seconds: float) -> Json | None:
        self.asked.append(after)
        if not self.told:
            self._end.wait(0.05)
            return None
        said = self.told.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    def abort(self) -> None:
        self._end.set()

    def close(self) -> None:
        pass


@contextlib.contextmanager
def following(feed: Fickle, streams: StreamService) -> Iterator[Follower]:
    follower = Follower(feed, streams, least=0.0)
    follower.start()
    yield follower
    follower.stop()
    assert not follower.is_alive


def test_the_follower_goes_on_after_failures(streams: StreamService, snapshot: Made) -> None:
    feed = Fickle(FeedError("away"), {"sequence": 1, "nonsense": True}, snapshot(7, 1.0))
    with following(feed, streams):
        eventually(lambda: streams.feed.connected)
        eventually(lambda: 7 in feed.asked)
    assert streams.latest()["sequence"] == 7
