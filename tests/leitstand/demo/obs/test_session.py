"""Hello, passwords, subscriptions and batches; and the codes with which connections end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from leitstand.demo.obs import DemoObs

from .conftest import Client, Dial, recorded

PASSWORD = "correct horse"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[DemoObs]:
    with DemoObs(tmp_path, password=PASSWORD) as demo:
        yield demo


def test_the_hello_of_an_open_server(demo: DemoObs, dial: Dial) -> None:
    hello = {"obsWebSocketVersion": "5.1.0", "rpcVersion": 1}
    assert dial(demo).receive() == {"op": 0, "d": hello}


def test_a_password_is_proven(locked: DemoObs, dial: Dial) -> None:
    assert dial(locked).identify(PASSWORD).data("GetVersion")["obsVersion"] == "29.0.2"
    assert locked.clients == 1


@pytest.mark.parametrize("proof", [{}, {"authentication": "wrong"}, {"authentication": None}])
def test_without_the_password_it_is_4009(
    locked: DemoObs, dial: Dial, proof: dict[str, Any]
) -> None:
    client = dial(locked)
    challenge = client.receive()["d"]["authentication"]
    assert set(challenge) == {"challenge", "salt"}
    client.send(1, rpcVersion=1, **proof)
    assert client.closed() == 4009


def test_salt_and_challenge_are_new_each_time(locked: DemoObs, dial: Dial) -> None:
    first, second = (dial(locked).receive()["d"]["authentication"] for _ in range(2))
    assert first["challenge"] != second["challenge"]
    assert first["salt"] != second["salt"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no JSON", 4002),
        ("[]", 4002),
        ("{}", 4006),
        ('{"op": 1}', 4003),
        ('{"op": 1, "d": 7}', 4004),
        ('{"op": 6, "d": {"requestType": "GetStats", "requestId": 1}}', 4007),
        ('{"op": 1, "d": {}}', 4003),
        ('{"op": 1, "d": {"rpcVersion": "1"}}', 4004),
        ('{"op": 1, "d": {"rpcVersion": 1, "eventSubscriptions": -1}}', 4004),
        ('{"op": 1, "d": {"rpcVersion": 2}}', 4010),
    ],
)
def test_what_closes_a_new_connection(demo: DemoObs, dial: Dial, message: str, code: int) -> None:
    client = dial(demo)
    client.receive()
    client.socket.send(message)
    assert client.closed() == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"op": 1, "d": {"rpcVersion": 1}}', 4008),
        ('{"op": 77, "d": {}}', 4006),
        ('{"op": 6, "d": {"requestType": "GetStats"}}', 4003),
    ],
)
def test_what_closes_an_identified_connection(client: Client, message: str, code: int) -> None:
    client.socket.send(message)
    assert client.closed() == code


def test_the_request_id_may_be_anything(client: Client) -> None:
    client.send(6, requestType="GetStats", requestId={"a": [1]})
    assert client.receive()["d"]["requestId"] == {"a": [1]}


def test_a_client_gets_only_what_it_subscribed_to(demo: DemoObs, dial: Dial) -> None:
    inputs, nothing = dial(demo).identify(events=8), dial(demo).identify(events=0)
    inputs.ask("SetInputMute", inputName="Tone", inputMuted=True)
    assert [event["eventType"] for event in inputs.until("InputMuteStateChanged")] == [
        "InputMuteStateChanged"
    ]
    nothing.ask("GetStats")
    assert nothing.events == []


def test_reidentify_changes_the_subscriptions(demo: DemoObs, dial: Dial) -> None:
    client = dial(demo).identify(events=0)
    client.send(3, eventSubscriptions=8)
    assert client.receive()["op"] == 2
    client.ask("SetInputMute", inputName="Tone", inputMuted=True)
    client.until("InputMuteStateChanged")


def test_a_batch_is_answered_as_by_the_real_one(client: Client) -> None:
    real = recorded("batch")
    names = [result["requestType"] for result in real["d"]["results"]]
    client.send(8, requestId="b1", requests=[{"requestType": name} for name in names])
    batch = client.receive()
    assert (batch["op"], batch["d"]["requestId"]) == (real["op"], "b1")
    for result, expected in zip(batch["d"]["results"], real["d"]["results"], strict=True):
        assert result["requestStatus"] == expected["requestStatus"]
        assert set(result) == set(expected)


def test_a_batch_can_halt_at_a_failure(client: Client) -> None:
    requests = [{"requestType": name, "requestId": name} for name in ("GetStats", "Nope", "Never")]
    client.send(8, requestId=1, haltOnFailure=True, requests=requests)
    results = client.receive()["d"]["results"]
    assert [result["requestId"] for result in results] == ["GetStats", "Nope"]


def test_a_session_counts_its_messages(client: Client) -> None:
    stats = client.data("GetStats")
    assert stats["webSocketSessionIncomingMessages"] == 2
    assert stats["webSocketSessionOutgoingMessages"] == 2


def test_the_subprotocol_is_granted_to_those_who_ask(demo: DemoObs) -> None:
    with connect(demo.url, subprotocols=["obswebsocket.json"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "obswebsocket.json"
        assert json.loads(socket.recv())["op"] == 0
