"""All that the desk does, done to a real OBS that records meanwhile."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.admin.portrait import Portrait, differences, take
from control_api.database import Database
from tests.control_api.admin.conftest import Room, opened_room
from tests.obs import RealObs
from tests.running import eventually

Serve = Callable[..., TestClient]
CAMERA, MICROPHONE = "Camera", "Microphone"


@pytest.fixture
def room(real_obs: Callable[..., RealObs], database: Database, tmp_path: Path) -> Iterator[Room]:
    with opened_room(real_obs().port, database, tmp_path / "state") as room:
        room.set(camera_input=CAMERA, microphone_input=MICROPHONE)
        eventually(lambda: room.studio.request("GetStats")["activeFps"])
        yield room


def dressed(room: Room) -> Portrait:
    """The camera with nothing about it as usual, in a second scene and twice in its own."""
    ask = room.studio.request
    ask("CreateSceneItem", {"sceneName": "Break", "sourceName": CAMERA, "sceneItemEnabled": False})
    again = ask("CreateSceneItem", {"sceneName": "Main", "sourceName": CAMERA})
    item = {"sceneName": "Main", "sceneItemId": again["sceneItemId"]}
    transform = {
        **{"positionX": 10.1, "positionY": 5.0, "rotation": 15.0, "cropLeft": 3},
        **{"boundsType": "OBS_BOUNDS_SCALE_INNER", "boundsWidth": 100.0, "boundsHeight": 50.0},
    }
    ask("SetSceneItemTransform", item | {"sceneItemTransform": transform})
    ask("SetSceneItemBlendMode", item | {"sceneItemBlendMode": "OBS_BLEND_ADDITIVE"})
    ask("SetSceneItemLocked", item | {"sceneItemLocked": True})
    ask("SetSceneItemIndex", item | {"sceneItemIndex": 1})
    camera = {"inputName": CAMERA}
    ask("SetInputVolume", camera | {"inputVolumeMul": 0.123})
    ask("SetInputAudioBalance", camera | {"inputAudioBalance": 0.3})
    ask("SetInputAudioSyncOffset", camera | {"inputAudioSyncOffset": 120})
    ask("SetInputAudioTracks", camera | {"inputAudioTracks": {"2": False}})
    ask("SetInputAudioMonitorType", camera | {"monitorType": "OBS_MONITORING_TYPE_MONITOR_ONLY"})
    for name, kind in (("Gain", "gain_filter"), ("Colour", "color_filter_v2")):
        filter_ = {"sourceName": CAMERA, "filterName": name, "filterKind": kind}
        ask("CreateSourceFilter", filter_ | {"filterSettings": {"db": 3.0}})
    off = {"sourceName": CAMERA, "filterName": "Gain", "filterEnabled": False}
    ask("SetSourceFilterEnabled", off)
    return take(room.studio, CAMERA)


def cursor(room: Room) -> int:
    status = room.studio.request("GetMediaInputStatus", {"inputName": CAMERA})
    return int(status["mediaCursor"] or 0)


def verdicts(client: TestClient) -> dict[str, str]:
    answer = client.post("/api/admin/audio/check", json={"seconds": 1}).json()
    return {one["input"]: one["state"] for one in answer["data"]["inputs"]}


def duration(file: Path) -> float:
    command = ("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json")
    probed = subprocess.run([*command, str(file)], check=True, capture_output=True)
    return float(json.loads(probed.stdout)["format"]["duration"])


def test_the_desk_works_on_a_real_obs_that_records(room: Room, serve: Serve) -> None:
    client, ask = room.client(serve), room.studio.request

    def done(path: str, **body: Any) -> dict[str, Any]:
        answer = client.post(f"/api/admin/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    (studio,) = client.get("/api/admin/status").json()["data"]["studios"]
    assert (studio["scene"], studio["muted"], studio["connected"]) == ("Main", False, True)
    before = dressed(room)
    order = [one["sourceName"] for one in listed(room, "Main")]
    assert order == [CAMERA, CAMERA, MICROPHONE, "Silence"]
    ask("StartRecord")
    eventually(lambda: ask("GetRecordStatus")["outputBytes"] > 0)

    # Sound: each told from the others, and a mute that OBS confirms.
    ask("SetInputVolume", {"inputName": CAMERA, "inputVolumeMul": 1.0})
    all_at_once = {CAMERA: "working", MICROPHONE: "working", "Silence": "silent"}
    assert verdicts(client).items() >= all_at_once.items()
    assert done("mute")["input"] == MICROPHONE
    assert ask("GetInputMute", {"inputName": MICROPHONE})["inputMuted"] is True
    assert verdicts(client)[MICROPHONE] == "muted"
    done("unmute")
    assert ask("GetInputMute", {"inputName": MICROPHONE})["inputMuted"] is False
    ask("SetInputVolume", {"inputName": CAMERA, "inputVolumeMul": 0.123})

    # By scene, and back.
    room.set(mute_scene="Break")
    assert done("mute")["scene"] == "Break"
    assert ask("GetCurrentProgramScene")["currentProgramSceneName"] == "Break"
    assert done("unmute")["scene"] == "Main"

    # An item off and on.
    for visible in (False, True):
        done("items", scene="Main", item="Silence", visible=visible)
        (silence,) = [one for one in listed(room, "Main") if one["sourceName"] == "Silence"]
        assert silence["sceneItemEnabled"] is visible

    # The camera: restarted, then made again, on air and off air.
    eventually(lambda: cursor(room) > 2000)
    assert done("camera/reload", method="restart")["confirmed"] is True
    assert cursor(room) < 2000
    for scene in ("Main", "Still"):
        ask("SetCurrentProgramScene", {"sceneName": scene})
        done_now = done("camera/reload", method="recreate")
        assert done_now["confirmed"] is True, done_now
        assert differences(before, take(room.studio, CAMERA)) == []
        assert [one["sourceName"] for one in listed(room, "Main")] == order
        assert list(room.state.iterdir()) == []
    ask("SetCurrentProgramScene", {"sceneName": "Main"})
    eventually(lambda: cursor(room) > 0)

    # All of that is one recording.
    status = ask("GetRecordStatus")
    assert status["outputActive"] is True
    file = Path(ask("StopRecord")["outputPath"])
    eventually(lambda: not ask("GetRecordStatus")["outputActive"])
    assert duration(file) >= status["outputDuration"] / 1000
    assert len(list(file.parent.iterdir())) == 1


def listed(room: Room, scene: str) -> list[dict[str, Any]]:
    items = room.studio.request("GetSceneItemList", {"sceneName": scene})["sceneItems"]
    return sorted(items, key=lambda item: int(item["sceneItemIndex"]))
