"""Events come in the order and shape of the recorded ones, the meters only to who wants them."""

from __future__ import annotations

from typing import Any

import pytest

from leitstand.demo.obs import DemoObs, Fault
from leitstand.demo.obs.protocol import Intent

from .conftest import TEST_FPS, Client, Dial, Json, recorded, wait_for

EVENTS: dict[str, list[Json]] = recorded("events")


def of(events: list[Json], event_type: str) -> list[Json]:
    return [event for event in events if event["eventType"] == event_type]


def signature(event: Json) -> tuple[Any, ...]:
    """All but the name of the file."""
    data = dict(event.get("eventData", {}))
    if data.get("outputPath"):
        data["outputPath"] = "a path"
    return event["eventType"], event["eventIntent"], "eventData" in event, data


def signatures(events: list[Json]) -> list[tuple[Any, ...]]:
    return [signature(event) for event in events]


def record_and_pause(client: Client) -> list[Json]:
    seen = []
    for request, state in (
        ("StartRecord", "STARTED"),
        ("PauseRecord", "PAUSED"),
        ("ResumeRecord", "RESUMED"),
        ("StopRecord", "STOPPED"),
    ):
        client.data(request)
        seen += client.record_until(state)
    return seen


def test_a_recording_as_recorded(client: Client) -> None:
    seen = record_and_pause(client)
    real = of(EVENTS["session"], "RecordStateChanged")[:6]
    assert signatures(seen) == signatures(real)


def test_scenes_change_as_recorded(client: Client) -> None:
    misc = EVENTS["misc"]
    first = next(
        n for n, event in enumerate(misc) if event["eventType"] == "SceneTransitionStarted"
    )
    seen = []
    for scene in ("Break", "Main"):
        client.data("SetCurrentProgramScene", sceneName=scene)
        assert client.data("GetCurrentProgramScene") == {"currentProgramSceneName": scene}
        last = "Color" if scene == "Break" else "BreakColor"
        seen += client.until("InputActiveStateChanged", inputName=last, videoActive=False)
    assert signatures(seen) == signatures(misc[first : first + len(seen)])


def test_inputs_change_as_recorded(client: Client) -> None:
    tone = {"inputName": "Tone"}
    client.data("SetInputVolume", **tone, inputVolumeMul=1.0)
    client.data("SetInputMute", **tone, inputMuted=True)
    client.data("SetInputMute", **tone, inputMuted=False)
    action = "OBS_WEBSOCKET_MEDIA_INPUT_ACTION_RESTART"
    client.data("TriggerMediaInputAction", **tone, mediaAction=action)
    wanted = ("InputVolumeChanged", "InputMuteStateChanged", "MediaInput")
    real = [event for event in EVENTS["session"] if event["eventType"].startswith(wanted)]
    seen = client.until("MediaInputActionTriggered")
    # the recorded session set the volume to a half before
    assert signatures(seen) == signatures(real[1:])


def test_an_input_is_created_as_recorded(client: Client) -> None:
    kinds = ("InputCreated", "SceneItemCreated", "InputShowStateChanged", "InputActiveStateChanged")
    real = [
        event
        for event in EVENTS["misc"]
        if event["eventType"] in kinds
        and "Missing" in (event["eventData"].get("inputName"), event["eventData"].get("sourceName"))
    ]
    created = real[0]["eventData"]
    client.data(
        "CreateInput",
        sceneName="Main",
        inputName="Missing",
        inputKind=created["inputKind"],
        inputSettings=created["inputSettings"],
    )
    seen = client.until("InputActiveStateChanged", inputName="Missing")
    assert signatures([e for e in seen if e["eventType"] in kinds]) == signatures(real)


@pytest.mark.parametrize("case", ["stream_nolisten", "stream_kill_noback", "stream_ok_kill_back"])
def test_streams_come_and_go_as_recorded(case: str, demo: DemoObs, client: Client) -> None:
    if case == "stream_nolisten":
        demo.faults.add(Fault.STREAM_LOST)
    client.data("StartStream")
    if case == "stream_nolisten":
        assert signatures(client.stream_until("STOPPED")) == signatures(EVENTS[case])
        return
    seen = client.stream_until("STARTED")
    demo.faults.add(Fault.STREAM_LOST)
    seen += client.stream_until("RECONNECTING")
    status = client.data("GetStreamStatus")
    assert (status["outputActive"], status["outputReconnecting"]) == (True, True)
    assert status["outputBytes"] == 0
    if case == "stream_ok_kill_back":
        seen += client.stream_until("RECONNECTING")
        demo.faults.clear()
        seen += client.stream_until("RECONNECTED")
        wait_for(lambda: client.data("GetStreamStatus")["outputBytes"])
        client.data("StopStream")
    seen += client.stream_until("STOPPED")
    # the real one was allowed three attempts, the demo of this test two
    real = EVENTS[case] if case == "stream_ok_kill_back" else EVENTS[case][:4] + EVENTS[case][5:]
    assert signatures(seen) == signatures(real)
    assert client.data("GetStreamStatus")["outputActive"] is False


def test_a_clean_end_says_goodbye(demo: DemoObs, client: Client) -> None:
    client.data("StartRecord")
    client.record_until("STARTED")
    demo.stop()
    seen = client.until("ExitStarted")
    real = EVENTS["fail_sigint_recording"][2:]
    # the real one takes its scene collection apart in no particular order
    assert sorted(map(repr, signatures(seen))) == sorted(map(repr, signatures(real)))
    assert seen[-1] == real[-1]
    assert client.closed() == 1001


def meters(client: Client) -> list[Json]:
    event = client.until("InputVolumeMeters")[-1]
    assert signature(event)[:3] == signature(EVENTS["InputVolumeMeters"][0])[:3]
    inputs: list[Json] = event["eventData"]["inputs"]
    return inputs


def test_meters_tell_muted_from_silent(demo: DemoObs, dial: Dial) -> None:
    client = dial(demo).identify(events=Intent.INPUT_VOLUME_METERS)
    (tone,) = meters(client)
    (real,) = EVENTS["InputVolumeMeters"][0]["eventData"]["inputs"]
    assert tone.keys() == real.keys()
    assert len(tone["inputLevelsMul"]) == len(real["inputLevelsMul"])
    magnitude, peak, before = tone["inputLevelsMul"][0]
    assert 0 < magnitude < peak == before < 1

    demo.mute()
    muted = wait_for(lambda: [i for i in meters(client) if i["inputLevelsMul"][0][1] == 0])
    (real,) = EVENTS["InputVolumeMeters_muted"][0]["eventData"]["inputs"]
    for levels in (muted[0]["inputLevelsMul"][0], real["inputLevelsMul"][0]):
        assert levels[:2] == [0.0, 0.0]
        assert levels[2] > 0

    demo.mute(muted=False)
    demo.faults.add(Fault.SILENT)
    wait_for(lambda: meters(client)[0]["inputLevelsMul"] == [[0.0, 0.0, 0.0]] * 2)


def test_meters_list_only_active_inputs(demo: DemoObs, dial: Dial) -> None:
    client = dial(demo).identify(events=Intent.INPUT_VOLUME_METERS)
    new = {"inputName": "Microphone", "inputKind": "pulse_input_capture"}
    demo.do("CreateInput", sceneName="Main", **new)
    never_heard = {"inputName": "Microphone", "inputLevelsMul": []}
    wait_for(lambda: never_heard in meters(client))
    demo.scene = "Break"
    wait_for(lambda: meters(client) == [])


def test_meters_come_every_50_ms_to_subscribers_only(demo: DemoObs, dial: Dial) -> None:
    loud, quiet = dial(demo).identify(events=Intent.INPUT_VOLUME_METERS), dial(demo).identify()
    before = demo.do("GetStats")["renderTotalFrames"]
    for _ in range(6):
        meters(loud)
    frames = demo.do("GetStats")["renderTotalFrames"] - before
    # five beats are a quarter of a second; a busy machine may make them longer, never shorter
    assert frames >= 0.2 * TEST_FPS
    quiet.ask("GetStats")
    assert quiet.events == []
