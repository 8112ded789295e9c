"""Every recorded request gets an answer of the recorded shape, in the recorded state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leitstand.demo.obs import DemoObs, Fault

from .conftest import Client, Json, connect, recorded, wait_for

REQUESTS: dict[str, Json] = recorded("requests")
STOP = "OBS_WEBSOCKET_MEDIA_INPUT_ACTION_STOP"
# asked in a certain state, see `answers`; all others first, while nothing is active
RECORDING = [name for name in REQUESTS if name.endswith("_recording")]
STREAMED = [name for name in REQUESTS if name.endswith(("_hang", "_noback", "_nolisten"))]
STREAMING = [name for name in REQUESTS if name.endswith("_kill_back")]
STATEFUL = {
    *RECORDING,
    *STREAMED,
    *STREAMING,
    *("StartRecord", "StartRecord_already", "SetVideoSettings_while_recording"),
    *("PauseRecord", "PauseRecord_already", "GetRecordStatus_paused", "ResumeRecord"),
    *("StopRecord", "StopRecord_mp4", "SetProfileParameter_FilePath"),
}


def comes_later(name: str) -> bool:
    """When media have ended, and the stream service was set."""
    return name.endswith(("Short_2s", "RTSPdead_2s", "_stopped", "_custom"))


class Script:
    """Goes through the states of an OBS, and notes the answers."""

    def __init__(self, demo: DemoObs, client: Client) -> None:
        self.demo, self.client = demo, client
        self.answers: dict[str, Json] = {}

    def ask(self, *names: str) -> None:
        for name in names:
            request = REQUESTS[name]["request"]
            self.answers[name] = self.client.ask(
                request["requestType"], **(request["requestData"] or {})
            )

    def idle(self, recordings: Path) -> None:
        REQUESTS["SaveSourceScreenshot"]["request"]["requestData"]["imageFilePath"] = str(
            recordings / "still.jpg"
        )
        for name in ("Missing", "RTSPdead", "Short"):
            kind = {"inputKind": "ffmpeg_source", "sceneName": "Main"}
            self.client.data("CreateInput", inputName=name, **kind)
        names = [name for name in REQUESTS if name not in STATEFUL]
        self.ask(*(name for name in names if not comes_later(name)))
        for name in ("RTSPdead", "Short", "Tone"):
            self.client.data("TriggerMediaInputAction", inputName=name, mediaAction=STOP)
        self.ask(*filter(comes_later, names))

    def record(self) -> None:
        self.client.data(
            "SetProfileParameter",
            parameterCategory="SimpleOutput",
            parameterName="RecFormat",
            parameterValue="mkv",
        )
        self.ask("StartRecord")
        self.client.record_until("STARTED")
        wait_for(lambda: self.client.data("GetRecordStatus")["outputDuration"] > 200)
        self.ask("StartRecord_already", "SetVideoSettings_while_recording", *RECORDING)
        self.ask("PauseRecord")
        self.client.record_until("PAUSED")
        self.ask("PauseRecord_already", "GetRecordStatus_paused", "ResumeRecord")
        self.client.record_until("RESUMED")
        self.ask("StopRecord", "StopRecord_mp4")
        self.client.record_until("STOPPED")

    def stream(self) -> None:
        self.ask("StartStream_ok_kill_back")
        self.client.stream_until("STARTED")
        self.ask(*(name for name in STREAMING if not name.startswith(("Start", "Stop"))))
        self.ask("StopStream_ok_kill_back")
        self.client.stream_until("STOPPED")
        self.demo.faults.add(Fault.STREAM_LOST)
        for case in ("hang", "kill_noback", "nolisten"):
            self.ask(f"StartStream_{case}")
            self.client.stream_until("STOPPED")
            self.ask(*(n for n in STREAMED if n.endswith(case) and not n.startswith("Start")))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Json]]:
    recordings = tmp_path_factory.mktemp("recordings")
    with DemoObs(recordings) as demo, connect(demo.url, close_timeout=0.1) as socket:
        script = Script(demo, Client(socket).identify())
        script.idle(recordings)
        script.record()
        script.stream()
        script.ask("SetProfileParameter_FilePath")
        yield script.answers


def shapes(value: Any, place: str = "") -> Iterator[str]:
    """Every key with its JSON type; the items of a list are taken together."""
    yield f"{place}: {type(value).__name__}"
    if isinstance(value, dict):
        for key, child in value.items():
            yield from shapes(child, f"{place}.{key}")
    if isinstance(value, list):
        for child in value:
            yield from shapes(child, f"{place}[]")


@pytest.mark.parametrize("name", REQUESTS)
def test_the_answer_has_the_recorded_status_and_shape(name: str, answers: dict[str, Json]) -> None:
    answer, real = answers[name], REQUESTS[name]["response"]
    assert answer["requestStatus"] == real["requestStatus"]
    assert answer["requestType"] == real["requestType"]
    assert set(shapes(answer.get("responseData"))) == set(shapes(real.get("responseData")))


def test_every_recorded_request_is_offered(client: Client) -> None:
    offered = set(client.data("GetVersion")["availableRequests"])
    asked = {recording["request"]["requestType"] for recording in REQUESTS.values()}
    assert asked - offered == {"NoSuchRequest", "SetRecordDirectory"}


@pytest.mark.parametrize(
    ("request_type", "data", "code"),
    [
        ("GetInputMute", {}, 301),
        ("GetInputMute", {"inputName": None}, 300),
        ("GetInputMute", {"inputName": 7}, 401),
        ("GetInputMute", {"inputName": "Main"}, 602),
        ("GetSceneItemList", {"sceneName": "Tone"}, 602),
        ("SetInputMute", {"inputName": "Tone", "inputMuted": 1}, 401),
        ("SetInputVolume", {"inputName": "Tone"}, 300),
        ("SetInputVolume", {"inputName": "Tone", "inputVolumeMul": 1, "inputVolumeDb": 0}, 302),
        ("SetInputVolume", {"inputName": "Tone", "inputVolumeMul": 21}, 402),
        ("SetInputVolume", {"inputName": "Tone", "inputVolumeMul": True}, 401),
        ("GetSourceScreenshot", {"sourceName": "Main", "imageFormat": "gif"}, 400),
        ("GetSourceScreenshot", {"sourceName": "Main", "imageFormat": "png", "imageWidth": 7}, 402),
        ("CreateInput", {"sceneName": "Main", "inputName": "Tone", "inputKind": "v4l2_input"}, 601),
        ("CreateInput", {"sceneName": "Main", "inputName": "New", "inputKind": "vlc_source"}, 605),
        ("GetSceneItemId", {"sceneName": "Break", "sourceName": "Tone"}, 600),
        ("GetSceneItemEnabled", {"sceneName": "Main", "sceneItemId": 99}, 600),
        ("TriggerMediaInputAction", {"inputName": "Tone", "mediaAction": "JUMP"}, 400),
        ("ResumeRecord", {}, 501),
        ("StopStream", {}, 501),
    ],
)
def test_what_is_refused(client: Client, request_type: str, data: Json, code: int) -> None:
    assert client.code(request_type, **data) == code


def test_mute_volume_and_settings_are_kept(client: Client) -> None:
    tone = {"inputName": "Tone"}
    assert client.data("ToggleInputMute", **tone) == {"inputMuted": True}
    assert client.data("GetInputMute", **tone) == {"inputMuted": True}
    client.data("SetInputVolume", **tone, inputVolumeDb=-20)
    assert client.data("GetInputVolume", **tone)["inputVolumeMul"] == pytest.approx(0.1)
    client.data("SetInputVolume", **tone, inputVolumeMul=0)
    assert client.data("GetInputVolume", **tone)["inputVolumeDb"] == -100
    client.data("SetInputSettings", **tone, inputSettings={"looping": False})
    assert client.data("GetInputSettings", **tone)["inputSettings"]["local_file"]
    client.data("SetInputSettings", **tone, inputSettings={}, overlay=False)
    assert client.data("GetInputSettings", **tone)["inputSettings"] == {}


def test_an_item_comes_and_goes(client: Client) -> None:
    place = {"sceneName": "Main", "inputName": "Camera", "inputKind": "v4l2_input"}
    item = client.data("CreateInput", **place)
    assert client.data("GetSceneItemId", sceneName="Main", sourceName="Camera") == item
    assert client.data("GetSourceActive", sourceName="Camera")["videoActive"] is True
    client.data("SetSceneItemEnabled", sceneName="Main", sceneItemEnabled=False, **item)
    state = client.data("GetSceneItemEnabled", sceneName="Main", **item)
    assert state == {"sceneItemEnabled": False}
    assert client.data("GetSourceActive", sourceName="Camera")["videoActive"] is False
    client.data("RemoveInput", inputName="Camera")
    assert client.code("GetSourceActive", sourceName="Camera") == 600


def test_media_pauses_plays_and_starts_anew(client: Client) -> None:
    def status_after(action: str) -> str:
        full = f"OBS_WEBSOCKET_MEDIA_INPUT_ACTION_{action}"
        client.data("TriggerMediaInputAction", inputName="Tone", mediaAction=full)
        state: str = client.data("GetMediaInputStatus", inputName="Tone")["mediaState"]
        return state.removeprefix("OBS_MEDIA_STATE_")

    assert [status_after(action) for action in ("PAUSE", "PLAY", "STOP", "RESTART")] == [
        "PAUSED",
        "PLAYING",
        "ENDED",
        "PLAYING",
    ]


def test_a_volume_that_is_null_was_not_given(client: Client) -> None:
    data = {"inputName": "Tone", "inputVolumeMul": 0.5, "inputVolumeDb": None}
    assert client.code("SetInputVolume", **data) == 100
