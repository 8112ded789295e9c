"""A demo OBS, a client that speaks bare websocket to it, and what a real OBS answered."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from leitstand.demo.obs import DemoObs
from leitstand.demo.obs.protocol import Intent, authentication

FIXTURES = Path(__file__).parents[3] / "fixtures" / "obs"
PATIENCE = 5.0
TEST_FPS = 60
"""Everything that takes a number of frames takes half as long."""
EVERYTHING = Intent.ALL | Intent.INPUT_ACTIVE | Intent.INPUT_SHOW

Json = dict[str, Any]
Dial = Callable[..., "Client"]


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)
    return value


class Client:
    """Answers and events as they come; events wait in `events` until somebody looks."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Json] = []
        self._last_id = 0

    def send(self, op: int, **data: Any) -> None:
        self.socket.send(json.dumps({"op": op, "d": data}))

    def receive(self, timeout: float = PATIENCE) -> Json:
        message: Json = json.loads(self.socket.recv(timeout))
        return message

    def identify(self, password: str | None = None, events: int = EVERYTHING) -> Client:
        hello, data = self.receive(), {"rpcVersion": 1, "eventSubscriptions": int(events)}
        if password is not None:
            proof = hello["d"]["authentication"]
            data["authentication"] = authentication(password, proof["salt"], proof["challenge"])
        self.send(1, **data)
        assert self.receive() == {"op": 2, "d": {"negotiatedRpcVersion": 1}}
        return self

    def ask(self, request_type: str, **data: Any) -> Json:
        """The whole response."""
        self._last_id += 1
        self.send(6, requestType=request_type, requestId=self._last_id, requestData=data or None)
        while (message := self.receive())["op"] == 5:
            self.events.append(message["d"])
        response: Json = message["d"]
        assert response["requestId"] == self._last_id
        return response

    def data(self, request_type: str, **data: Any) -> Json:
        response = self.ask(request_type, **data)
        assert response["requestStatus"] == {"code": 100, "result": True}, response
        return response.get("responseData", {})

    def code(self, request_type: str, **data: Any) -> int:
        return int(self.ask(request_type, **data)["requestStatus"]["code"])

    def until(self, event_type: str, **wanted: Any) -> list[Json]:
        """All events up to and with the first that is of this type and holds this."""
        for number in range(1000):
            while len(self.events) <= number:
                message = self.receive()
                assert message["op"] == 5
                self.events.append(message["d"])
            event = self.events[number]
            held = event.get("eventData", {}).items() >= wanted.items()
            if event["eventType"] == event_type and held:
                seen, self.events = self.events[: number + 1], self.events[number + 1 :]
                return seen
        raise AssertionError(event_type)

    def record_until(self, state: str) -> list[Json]:
        return self.until("RecordStateChanged", outputState=f"OBS_WEBSOCKET_OUTPUT_{state}")

    def stream_until(self, state: str) -> list[Json]:
        return self.until("StreamStateChanged", outputState=f"OBS_WEBSOCKET_OUTPUT_{state}")

    def closed(self) -> int | None:
        """The code with which the server closes the connection."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.receive()
        return self.socket.close_code


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    with DemoObs(tmp_path, fps=TEST_FPS, cluster_seconds=0.5, stream_retries=(0.1, 0.1)) as demo:
        yield demo


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Connections that end with the test."""
    with contextlib.ExitStack() as sockets:

        def call(demo: DemoObs) -> Client:
            socket = connect(demo.url, close_timeout=0.1, compression=None)
            return Client(sockets.enter_context(socket))

        yield call


@pytest.fixture
def client(demo: DemoObs, dial: Dial) -> Client:
    return dial(demo).identify()
