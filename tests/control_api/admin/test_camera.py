"""The camera restarted, and made again as it was, whatever happens on the way."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.admin.camera import CameraService
from control_api.admin.portrait import Portrait, differences, take
from control_api.auth.access import Role
from control_api.errors import ApiError, Conflict, Unavailable
from control_api.studios.studio import Studio, Studios
from leitstand.clients.obs import Absent, Address, ObsLink
from leitstand.demo.obs import DemoObs
from tests.control_api.admin.conftest import Room
from tests.running import eventually
from tests.soak import is_soak

Serve = Callable[..., TestClient]
RELOAD = "/api/admin/camera/reload"


class Failing(ObsLink):
    """A link that is cut before its request number `last` + 1, until `last` is None."""

    def __init__(self, port: int) -> None:
        super().__init__(Address("127.0.0.1", port, lambda: None))
        self.last: int | None = None
        self.count = 0
        self.reached, self.may_go_on = threading.Event(), threading.Event()
        self.waits_at = self.ignores = ""

    def request(
        self, name: str, data: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        self.count += 1
        if self.last is not None and self.count > self.last:
            raise Absent("is cut off by the test")
        if name == self.ignores:
            return {}
        if name == self.waits_at:
            self.reached.set()
            assert self.may_go_on.wait(20)
        return super().request(name, data, timeout=timeout)


@pytest.fixture
def link(demo: DemoObs) -> Failing:
    return Failing(demo.port)


@pytest.fixture
def camera(room: Room, link: Failing, tmp_path: Path) -> CameraService:
    studios = Studios([Studio("stage", link)])
    return CameraService(studios, room.settings, room.events, tmp_path / "state")


def impatient(room: Room, studios: Studios) -> CameraService:
    """One that gives OBS a second where it is given longer otherwise."""
    return CameraService(
        studios, room.settings, room.events, room.state, gone_within=1, plays_within=1
    )


def dressed(demo: DemoObs, room: Room) -> Portrait:
    """The tone with nothing about it as usual, twice in one scene and once in another."""
    again = demo.do("CreateSceneItem", sceneName="Main", sourceName="Tone")["sceneItemId"]
    demo.do("CreateSceneItem", sceneName="Break", sourceName="Tone", sceneItemEnabled=False)
    item = {"sceneName": "Main", "sceneItemId": again}
    transform = {"positionX": 12.5, "rotation": 30.0, "cropLeft": 4, "scaleX": 0.5}
    demo.do("SetSceneItemTransform", **item, sceneItemTransform=transform)
    demo.do("SetSceneItemBlendMode", **item, sceneItemBlendMode="OBS_BLEND_SCREEN")
    demo.do("SetSceneItemLocked", **item, sceneItemLocked=True)
    demo.do("SetSceneItemEnabled", **item, sceneItemEnabled=False)
    demo.do("SetSceneItemIndex", **item, sceneItemIndex=0)
    demo.mute("Tone")
    demo.do("SetInputVolume", inputName="Tone", inputVolumeMul=0.3)
    demo.do("SetInputAudioBalance", inputName="Tone", inputAudioBalance=0.25)
    demo.do("SetInputAudioSyncOffset", inputName="Tone", inputAudioSyncOffset=120)
    demo.do("SetInputAudioTracks", inputName="Tone", inputAudioTracks={"2": False})
    for name, kind in (("Gain", "gain_filter"), ("Gate", "noise_gate_filter")):
        filter_ = {"filterKind": kind, "filterSettings": {"db": 3.0}}
        demo.do("CreateSourceFilter", sourceName="Tone", filterName=name, **filter_)
    demo.do("SetSourceFilterEnabled", sourceName="Tone", filterName="Gate", filterEnabled=False)
    return take(room.studio, "Tone")


def test_a_medium_is_restarted(room: Room, serve: Serve, demo: DemoObs) -> None:
    room.set(camera_input="Tone")
    before = demo.stage.inputs["Tone"].playing_since
    answer = room.client(serve).post(RELOAD, json={})
    assert answer.json()["data"] == {
        "studio": "stage",
        "input": "Tone",
        "method": "restart",
        "confirmed": True,
        "message": "Tone was restarted",
    }
    assert demo.stage.inputs["Tone"].playing_since != before
    assert room.told("camera_reloaded") == ["tester: Tone was restarted"]


def test_what_is_no_medium_is_made_again(room: Room, serve: Serve, demo: DemoObs) -> None:
    room.set(camera_input="Color")
    before = demo.stage.inputs["Color"]
    refused = room.client(serve).post(RELOAD, json={"method": "restart"})
    assert refused.status_code == 409
    assert demo.stage.inputs["Color"] is before
    assert room.client(serve).post(RELOAD, json={}).json()["data"]["method"] == "recreate"
    assert demo.stage.inputs["Color"] is not before


def test_a_camera_is_made_again_as_it_was_while_it_records(
    room: Room, serve: Serve, demo: DemoObs, tmp_path: Path
) -> None:
    before, old = dressed(demo, room), demo.stage.inputs["Tone"]
    demo.do("StartRecord")
    file = eventually(lambda: demo.recording)
    room.set(camera_input="Tone")
    answer = room.client(serve).post(RELOAD, json={"method": "recreate"})
    assert answer.json()["data"]["confirmed"] is True, answer.text
    assert demo.stage.inputs["Tone"] is not old
    assert differences(before, take(room.studio, "Tone")) == []
    assert [item.source for item in demo.stage.scenes["Main"].items] == [
        *("Tone", "Color", "Tone", "Text")
    ]
    assert demo.recording == file
    assert list((tmp_path / "state").iterdir()) == []


@pytest.mark.parametrize("step", range(0, 70, 1 if is_soak() else 6))
def test_a_crash_at_any_request_leaves_a_camera_that_comes_back(
    room: Room, demo: DemoObs, camera: CameraService, link: Failing, tmp_path: Path, step: int
) -> None:
    before = dressed(demo, room)
    room.set(camera_input="Tone")
    link.last = step
    with pytest.raises(Unavailable):
        camera.reload(None, "recreate", "tester")
    camera.put_back()
    for file in (tmp_path / "state").glob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    link.last = None
    again = CameraService(Studios([room.studio]), room.settings, room.events, tmp_path / "state")
    again.put_back()
    assert differences(before, take(room.studio, "Tone")) == []
    assert list((tmp_path / "state").glob("*")) == []
    link.close()


def test_the_steps_above_are_all_that_there_are(
    room: Room, demo: DemoObs, camera: CameraService, link: Failing
) -> None:
    dressed(demo, room)
    room.set(camera_input="Tone")
    camera.reload(None, "recreate", "tester")
    assert 70 < link.count < 110, link.count
    link.close()


def test_an_input_that_obs_holds_on_to_is_put_back(
    room: Room, serve: Serve, demo: DemoObs, tmp_path: Path
) -> None:
    before = dressed(demo, room)
    demo.stage.held.add("Tone")
    room.set(camera_input="Tone")
    client = serve({CameraService: impatient(room, room.studios)}, Role.OPERATOR)
    answer = client.post(RELOAD, json={"method": "recreate"})
    assert answer.status_code == 502
    assert "was put back as it was" in answer.json()["detail"]
    assert differences(before, take(room.studio, "Tone")) == []
    assert list((tmp_path / "state").iterdir()) == []
    assert room.told("camera_reloaded") == []


def test_an_input_comes_back_only_where_its_scenes_are(
    room: Room, demo: DemoObs, camera: CameraService, link: Failing, tmp_path: Path
) -> None:
    dressed(demo, room)
    room.set(camera_input="Tone")
    link.waits_at = "CreateInput"
    link.may_go_on.set()
    scenes = dict(demo.stage.scenes)
    link.last = 30
    with pytest.raises(ApiError):
        camera.reload(None, "recreate", "tester")
    link.last = None
    del demo.stage.scenes["Break"]
    camera.put_back()
    assert {item.scene for item in take(room.studio, "Tone").items} == {"Main"}
    demo.stage.scenes = scenes
    link.close()


def test_a_second_reload_meanwhile_is_refused(
    room: Room, camera: CameraService, link: Failing
) -> None:
    room.set(camera_input="Tone")
    link.waits_at = "CreateInput"
    first = threading.Thread(target=camera.reload, args=(None, "recreate", "first"))
    first.start()
    assert link.reached.wait(20)
    with pytest.raises(Conflict, match="is being reloaded"):
        camera.reload(None, None, "second")
    camera.put_back()
    link.may_go_on.set()
    first.join(20)
    assert room.told("camera_reloaded") == ["first: Tone was made again"]
    link.close()


def test_what_cannot_be_read_is_set_aside(room: Room) -> None:
    room.state.mkdir(exist_ok=True)
    (room.state / "camera-stage.json").write_text('{"input": 3}')
    room.desk.camera.put_back()
    assert [file.name for file in room.state.iterdir()] == ["camera-stage.unreadable"]


@pytest.mark.parametrize(
    ("camera_input", "status", "said"),
    [(None, 422, "studios.stage.camera_input"), ("Kamera", 404, "'Tone'")],
)
def test_a_camera_that_is_not_set_or_not_there_is_named(
    room: Room, serve: Serve, camera_input: str | None, status: int, said: str
) -> None:
    room.set(camera_input=camera_input)
    answer = room.client(serve).post(RELOAD, json={})
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_restart_that_brings_nothing_is_told(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.stage.inputs["Tone"].media_seconds = 0
    room.set(camera_input="Tone")
    client = serve({CameraService: impatient(room, room.studios)}, Role.OPERATOR)
    done = client.post(RELOAD, json={"method": "restart"}).json()["data"]
    assert done["confirmed"] is False
    assert "not whether anything comes" in done["message"]


def test_a_restart_that_obs_only_accepts_is_not_confirmed(
    room: Room, demo: DemoObs, link: Failing
) -> None:
    tone = demo.stage.inputs["Tone"]
    assert tone.playing_since is not None
    tone.media_seconds, tone.playing_since = 100, tone.playing_since - 50
    room.set(camera_input="Tone")
    link.ignores = "TriggerMediaInputAction"
    camera = impatient(room, Studios([Studio("stage", link)]))
    assert camera.reload(None, "restart", "tester").confirmed is False
    link.close()
