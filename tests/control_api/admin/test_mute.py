"""Mute and unmute, by input and by scene; scene items and the logo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.database import Database
from leitstand.demo.obs import DemoObs
from tests.control_api.admin.conftest import Room, opened_room

Serve = Callable[..., TestClient]


def test_an_input_is_muted_and_unmuted(room: Room, serve: Serve, demo: DemoObs) -> None:
    client = room.client(serve)
    answer = client.post("/api/admin/mute", json={"input": "Tone"})
    muting = {"studio": "stage", "muted": True, "input": "Tone", "scene": "Main"}
    assert answer.json()["data"] == muting
    assert demo.stage.inputs["Tone"].muted
    assert client.post("/api/admin/unmute", json={"input": "Tone"}).json()["data"]["muted"] is False
    assert not demo.stage.inputs["Tone"].muted


def test_without_an_input_the_microphone_that_is_set_is_meant(
    room: Room, serve: Serve, demo: DemoObs
) -> None:
    client = room.client(serve)
    refused = client.post("/api/admin/mute", json={})
    assert refused.status_code == 422
    assert "studios.stage.microphone_input" in refused.json()["detail"]
    room.set(microphone_input="Tone")
    assert client.post("/api/admin/mute", json={}).json()["data"]["input"] == "Tone"
    assert demo.stage.inputs["Tone"].muted


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"input": "Nobody"}, 404, "'Tone'"),
        ({"input": "Color"}, 422, "has no sound"),
        ({"input": "Main"}, 404, "has no 'Main'"),
        ({"input": ""}, 422, "input"),
        ({"input": "x" * 257}, 422, "input"),
        ({"studio": "hall", "input": "Tone"}, 404, "stage"),
        ({"inputs": "Tone"}, 422, "inputs"),
    ],
)
def test_what_cannot_be_muted_is_named(
    room: Room, serve: Serve, body: dict[str, str], status: int, said: str
) -> None:
    answer = room.client(serve).post("/api/admin/mute", json=body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_mute_by_scene_finds_the_way_back_after_a_restart_of_the_service(
    room: Room, serve: Serve, demo: DemoObs, database: Database, tmp_path: Path
) -> None:
    room.set(mute_scene="Break")
    client = room.client(serve)
    for _ in range(2):
        muting = client.post("/api/admin/mute", json={}).json()["data"]
        assert (muting["muted"], muting["input"], muting["scene"]) == (True, None, "Break")
        assert demo.scene == "Break"
    with opened_room(demo.port, database, tmp_path / "state") as again:
        back = again.client(serve).post("/api/admin/unmute", json={}).json()["data"]
    assert (back["muted"], back["scene"], demo.scene) == (False, "Main", "Main")


def test_who_switched_by_hand_meanwhile_stays_there(
    room: Room, serve: Serve, demo: DemoObs
) -> None:
    room.set(mute_scene="Break")
    client = room.client(serve)
    client.post("/api/admin/mute", json={})
    demo.scene = "Main"
    assert client.post("/api/admin/unmute", json={}).json()["data"]["scene"] == "Main"
    demo.scene = "Break"
    refused = client.post("/api/admin/unmute", json={})
    assert refused.status_code == 409, "that mute is over: its way back is too"
    assert "Main" in refused.json()["detail"]


def test_an_input_can_still_be_muted_where_a_scene_is_set(
    room: Room, serve: Serve, demo: DemoObs
) -> None:
    room.set(mute_scene="Break")
    room.client(serve).post("/api/admin/mute", json={"input": "Tone"})
    assert demo.stage.inputs["Tone"].muted
    assert demo.scene == "Main"


def test_a_mute_scene_that_is_gone_is_named(room: Room, serve: Serve) -> None:
    room.set(mute_scene="Pause")
    answer = room.client(serve).post("/api/admin/mute", json={})
    assert answer.status_code == 404
    assert "'Break'" in answer.json()["detail"]


def test_an_item_goes_off_and_on(room: Room, serve: Serve, demo: DemoObs) -> None:
    client = room.client(serve)
    body = {"scene": "Main", "item": "Text"}
    (text,) = [item for item in demo.stage.scenes["Main"].items if item.source == "Text"]
    for visible in (False, True):
        answer = client.post("/api/admin/items", json=body | {"visible": visible})
        assert answer.json()["data"] == {"studio": "stage", "visible": visible, **body}
        assert text.enabled is visible


@pytest.mark.parametrize(
    ("scene", "item", "said"),
    [
        ("Main", "Logo", "item: in scene 'Main': studio stage has no 'Logo'; there are: 'Color'"),
        ("Mian", "Text", "scene: studio stage has no 'Mian'; there are: 'Main', 'Break'"),
    ],
)
def test_an_item_that_is_not_there_is_named(
    room: Room, serve: Serve, scene: str, item: str, said: str
) -> None:
    body = {"scene": scene, "item": item, "visible": True}
    answer = room.client(serve).post("/api/admin/items", json=body)
    assert answer.status_code == 404
    assert said in answer.json()["detail"]


def test_the_logo_is_what_the_settings_say(room: Room, serve: Serve, demo: DemoObs) -> None:
    client = room.client(serve)
    refused = client.post("/api/admin/logo", json={"visible": False})
    assert refused.status_code == 422
    assert "studios.stage.logo_scene" in refused.json()["detail"]
    room.set(logo_scene="Main", logo_item="Text")
    client.post("/api/admin/logo", json={"visible": False})
    assert "Text" not in demo.stage.wanted()


def test_a_viewer_only_looks(room: Room, serve: Serve) -> None:
    client = room.client(serve, Role.VIEWER)
    for path in ("mute", "unmute", "camera/reload"):
        assert client.post(f"/api/admin/{path}", json={}).status_code == 403
    assert client.post("/api/admin/logo", json={"visible": True}).status_code == 403
    item = {"scene": "Main", "item": "Text", "visible": True}
    assert client.post("/api/admin/items", json=item).status_code == 403
    assert client.get("/api/admin/status").status_code == 200
    assert client.post("/api/admin/audio/check", json={"seconds": 1}).status_code == 200


def test_an_obs_that_is_down_is_503(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.stop()
    answer = room.client(serve).post("/api/admin/mute", json={"input": "Tone"})
    assert answer.status_code == 503
    assert "stage" in answer.json()["detail"]
