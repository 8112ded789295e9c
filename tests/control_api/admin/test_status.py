"""How it stands: every studio, also one that is down."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

from control_api.auth.access import Role
from leitstand.demo.obs import DemoObs
from tests.control_api.admin.conftest import Room

Serve = Callable[..., TestClient]


def test_a_studio_is_told_whole(room: Room, serve: Serve, demo: DemoObs) -> None:
    room.set(microphone_input="Tone", camera_input="Kamera")
    client = room.client(serve, Role.VIEWER)
    (studio,) = client.get("/api/admin/status").json()["data"]["studios"]
    assert (studio["name"], studio["connected"], studio["scene"]) == ("stage", True, "Main")
    assert studio["obs_version"] == "29.0.2"
    assert {each["name"]: each["muted"] for each in studio["inputs"]} == {
        "Tone": False,
        "Text": None,
        "BreakColor": None,
        "Color": None,
    }
    assert studio["muted"] is False
    assert studio["guard"]["state"] == "off"
    assert "studios.stage.camera_input is 'Kamera', which OBS does not have" in studio["missing"]
    assert any("studios.stage.logo_item is not set" in each for each in studio["missing"])
    assert not any("microphone_input" in each for each in studio["missing"])
    demo.mute("Tone")
    (studio,) = client.get("/api/admin/status").json()["data"]["studios"]
    assert studio["muted"] is True


def test_the_mute_scene_counts_as_muted(room: Room, serve: Serve, demo: DemoObs) -> None:
    room.set(mute_scene="Break")
    demo.scene = "Break"
    (studio,) = room.client(serve).get("/api/admin/status").json()["data"]["studios"]
    assert studio["muted"] is True


def test_a_studio_that_is_down_says_why(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.stop()
    answer = room.client(serve).get("/api/admin/status")
    assert answer.status_code == 200
    (studio,) = answer.json()["data"]["studios"]
    assert studio["connected"] is False
    assert "OBS" in studio["reason"]
    assert studio["scene"] is studio["muted"] is None
