"""Events as they happen: nothing missed, nothing twice, and nobody who is slow costs memory."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from control_api.app import create_app
from control_api.auth.access import Caller, Gate, Role
from control_api.clock import SystemClock
from control_api.database import Database
from control_api.errors import Unauthorized
from control_api.events.history import EventHistory
from control_api.events.live import LiveEvents
from control_api.events.service import EventService, Kind
from control_api.events.store import EventStore
from leitstand.config import Listen
from leitstand.serving import HttpServer
from tests.control_api.conftest import OpenGate
from tests.running import eventually

URL = "/api/events/live"


@pytest.fixture
def events(database: Database) -> EventService:
    return EventService(EventStore(database), SystemClock())


@pytest.fixture
def live(events: EventService, database: Database) -> LiveEvents:
    return LiveEvents(events, EventHistory(database))


@pytest.fixture
def client(live: LiveEvents, serve: Callable[..., TestClient]) -> TestClient:
    return serve({LiveEvents: live}, Role.VIEWER)


def tell(events: EventService, times: int = 1, message: str = "lost") -> None:
    for _ in range(times):
        events.tell(Kind.OBS_LOST, "stage", message)


def test_it_begins_with_where_the_list_ends(events: EventService, client: TestClient) -> None:
    tell(events, 3)
    with client.websocket_connect(URL) as stream:
        assert stream.receive_json() == {"type": "hello", "last_id": 3}
        events.tell(Kind.OBS_BACK, "stage", "back", after=1.5)
        event = stream.receive_json()
    assert (event["type"], event["id"], event["kind"]) == ("event", 4, "obs_back")
    assert (event["studio"], event["message"], event["data"]) == ("stage", "back", {"after": 1.5})
    assert event["time"].endswith("Z")


def test_what_was_missed_comes_first_and_nothing_twice(
    events: EventService, client: TestClient
) -> None:
    tell(events, 450)
    with client.websocket_connect(f"{URL}?after=5") as stream:
        assert stream.receive_json()["last_id"] == 450
        tell(events, 2)
        assert [stream.receive_json()["id"] for _ in range(447)] == list(range(6, 453))


@pytest.mark.parametrize("after", [3, 1_000])
def test_who_missed_nothing_only_hears_what_is_new(
    events: EventService, client: TestClient, after: int
) -> None:
    tell(events, 3)
    with client.websocket_connect(f"{URL}?after={after}") as stream:
        stream.receive_json()
        tell(events)
        assert stream.receive_json()["id"] == 4


def test_while_many_tell_and_one_comes_late_each_event_comes_once(
    events: EventService, client: TestClient
) -> None:
    tellers = [threading.Thread(target=tell, args=(events, 50)) for _ in range(4)]
    for teller in tellers:
        teller.start()
    with client.websocket_connect(f"{URL}?after=0") as stream:
        stream.receive_json()
        got = [stream.receive_json()["id"] for _ in range(200)]
        for teller in tellers:
            teller.join()
    assert sorted(got) == list(range(1, 201))


def test_silence_has_a_heartbeat(
    events: EventService, database: Database, serve: Callable[..., TestClient]
) -> None:
    live = LiveEvents(events, EventHistory(database), heartbeat=0.05)
    with serve({LiveEvents: live}).websocket_connect(URL) as stream:
        kinds = [stream.receive_json()["type"] for _ in range(3)]
    assert kinds == ["hello", "heartbeat", "heartbeat"]


def test_a_wrong_id_is_refused(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{URL}?after=-1"):
        pass


class Door(Gate):
    """Opens until it is shut, and knows again whom it let in."""

    def __init__(self) -> None:
        self.is_shut = False

    def caller(self, connection: Any) -> Any:
        if hasattr(connection.state, "caller"):
            return connection.state.caller
        if self.is_shut:
            raise Unauthorized("the token was revoked")
        connection.state.caller = Caller("tester", Role.VIEWER)
        return connection.state.caller


@contextlib.contextmanager
def served(live: LiveEvents, gate: Gate | None = None) -> Iterator[tuple[HttpServer, str]]:
    app = create_app({Gate: gate or OpenGate(), LiveEvents: live})
    server = HttpServer(app, Listen("127.0.0.1", 0), None, "test", websockets=True)
    server.start()
    yield server, server.url.replace("http", "ws") + URL
    server.stop()


def rest(stream: ClientConnection) -> list[dict[str, Any]]:
    """All that still comes, until the end."""
    got: list[dict[str, Any]] = []
    until = time.monotonic() + 20
    with contextlib.suppress(ConnectionClosed):
        while time.monotonic() < until:
            got.append(json.loads(stream.recv(timeout=20)))
    return got


def test_without_a_good_token_the_handshake_fails(live: LiveEvents) -> None:
    door = Door()
    door.is_shut = True
    with served(live, door) as (_, url), pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    assert refused.value.response.status_code == 401


def test_a_token_that_is_revoked_ends_the_stream(events: EventService, database: Database) -> None:
    door = Door()
    live = LiveEvents(events, EventHistory(database), heartbeat=0.05)
    with served(live, door) as (_, url), connect(url) as stream:
        stream.recv()
        door.is_shut = True
        rest(stream)
        assert (stream.close_code, stream.close_reason) == (1008, "the token was revoked")


def test_who_takes_nothing_is_sent_away_and_may_come_back(
    events: EventService, database: Database
) -> None:
    live = LiveEvents(events, EventHistory(database), room=20)
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    with served(live) as (server, url):
        small.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        with connect(url, sock=small, max_queue=1, compression=None) as stream:
            last = json.loads(stream.recv())["last_id"]
            # More than the buffers on the way hold.
            tell(events, 100, "x" * 100_000)
            got = rest(stream)
            assert (stream.close_code, stream.close_reason) == (
                1013,
                "too slow; come back with ?after=",
            )
        assert 0 < len(got) < 100
        last = got[-1]["id"]
        assert [event["id"] for event in got] == list(range(1, last + 1))
        with connect(f"{url}?after={last}", close_timeout=0.1) as again:
            again.recv()
            assert json.loads(again.recv())["id"] == last + 1


def test_a_server_that_ends_says_goodbye(live: LiveEvents) -> None:
    with served(live) as (server, url), connect(url) as stream:
        stream.recv()
        began = time.monotonic()
        server.stop()
        rest(stream)
        assert stream.close_code == 1012
        assert time.monotonic() - began < 1.5


def test_nobody_is_told_who_has_left(events: EventService, live: LiveEvents) -> None:
    with served(live) as (_, url):
        with connect(url) as stream:
            stream.recv()
            assert events._listeners
        eventually(lambda: not events._listeners)
