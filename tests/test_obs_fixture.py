"""The real OBS that other tests use is the one that was started, and nothing of it remains."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import obsws_python
import psutil
import pytest
import websocket

from tests.obs import RealObs
from tests.running import eventually

StartObs = Callable[..., RealObs]
Ask = Callable[..., dict[str, Any]]


@contextlib.contextmanager
def asking(obs: RealObs, timeout: float = 10) -> Iterator[Ask]:
    with obsws_python.ReqClient(
        host=obs.host, port=obs.port, password=obs.password or "", timeout=timeout
    ) as client:

        def ask(request: str, **data: object) -> dict[str, Any]:
            answer: dict[str, Any] = client.send(request, data, raw=True)
            return answer

        yield ask


def record(ask: Ask) -> None:
    """Returns when there are frames: a file that ends with its header is not playable."""
    ask("StartRecord")
    eventually(lambda: ask("GetRecordStatus")["outputDuration"] > 300)


def finish(ask: Ask) -> Path:
    path = ask("StopRecord")["outputPath"]
    eventually(lambda: not ask("GetRecordStatus")["outputActive"])
    return Path(path)


def ffprobe(path: Path) -> dict[str, Any]:
    command = ("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path))
    found: dict[str, Any] = json.loads(subprocess.check_output(command))
    return found


def left_of(folder: Path) -> list[str]:
    """The programs that have to do with this folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            opened = (file.path for file in process.open_files())
            words = (process.cwd(), *process.cmdline(), *process.environ().values(), *opened)
            if any(str(folder) in word for word in words):
                found.append(process.name())
    return found


@pytest.fixture(scope="module")
def shared(obs_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealObs]:
    """For tests that leave it as they found it."""
    with RealObs(tmp_path_factory.mktemp("shared") / "obs", media=obs_media) as obs:
        yield obs


def test_two_at_once_answer_each_on_its_own_port(shared: RealObs, real_obs: StartObs) -> None:
    locked = real_obs(password="correct horse")
    assert locked.port != shared.port
    for obs in (shared, locked):
        with asking(obs) as ask:
            assert ask("GetVersion")["rpcVersion"] == 1
            assert ask("GetRecordDirectory")["recordDirectory"] == str(obs.recordings)
        with contextlib.closing(websocket.create_connection(f"ws://{obs.host}:{obs.port}")) as raw:
            assert ("authentication" in json.loads(raw.recv())["d"]) == (obs is locked)


def test_a_taken_port_is_a_failure(shared: RealObs, obs_media: Path, tmp_path: Path) -> None:
    second = RealObs(tmp_path / "second", port=shared.port, media=obs_media)
    with pytest.raises(AssertionError, match=f"port {shared.port} is taken"):
        second.start()
    assert not second.running
    with asking(shared) as ask:
        assert ask("GetVersion")


def test_a_recording_is_playable_and_a_stop_is_an_exit(real_obs: StartObs) -> None:
    obs = real_obs()
    with asking(obs) as ask:
        record(ask)
        path = finish(ask)
    obs.stop()
    assert "Shutting down" in obs.log
    assert left_of(obs.folder) == []
    assert path.parent == obs.recordings
    found = ffprobe(path)
    assert "matroska" in found["format"]["format_name"]
    assert float(found["format"]["duration"]) > 0
    assert {stream["codec_type"] for stream in found["streams"]} == {"video", "audio"}


def test_the_scenes_show_what_they_are_named_after(shared: RealObs) -> None:
    with asking(shared) as ask:

        def picture(scene: str) -> str:
            answer = ask("GetSourceScreenshot", sourceName=scene, imageFormat="png")
            return str(answer["imageData"])

        names = {scene["sceneName"] for scene in ask("GetSceneList")["scenes"]}
        assert names == {"Main", "Break", "Black", "Still", "Ended"}
        assert ask("GetCurrentProgramScene")["currentProgramSceneName"] == "Main"

        still, moving = picture("Still"), picture("Main")
        eventually(lambda: picture("Main") != moving)
        assert picture("Still") == still
        assert len({still, picture("Break"), picture("Black")}) == 3

        def state(name: str) -> str:
            return str(ask("GetMediaInputStatus", inputName=name)["mediaState"])

        eventually(lambda: state("Clip") == "OBS_MEDIA_STATE_ENDED")
        assert state("Camera") == "OBS_MEDIA_STATE_PLAYING"

        for muted in (True, False):
            ask("SetInputMute", inputName="Microphone", inputMuted=muted)
            assert ask("GetInputMute", inputName="Microphone") == {"inputMuted": muted}


def test_the_silent_input_is_silent_and_the_others_are_not(shared: RealObs) -> None:
    peaks: dict[str, float] = {}
    meters = obsws_python.EventClient(
        host=shared.host, port=shared.port, subs=obsws_python.Subs.INPUTVOLUMEMETERS, timeout=10
    )

    def on_input_volume_meters(event: Any) -> None:
        for channels in event.inputs:
            loudest = max((peak for _, peak, _ in channels["inputLevelsMul"]), default=0)
            peaks[channels["inputName"]] = max(loudest, peaks.get(channels["inputName"], 0))

    meters.callback.register(on_input_volume_meters)
    try:
        eventually(lambda: peaks.get("Camera") and peaks.get("Microphone"))
        assert peaks["Silence"] == 0
    finally:
        meters.disconnect()


def test_after_a_kill_it_starts_with_what_it_had(real_obs: StartObs) -> None:
    obs = real_obs(password="kept")
    parameter = {"parameterCategory": "Kept", "parameterName": "Word"}
    with asking(obs) as ask:
        ask("SetProfileParameter", **parameter, parameterValue="leitstand")
        record(ask)
        first = obs.pid
        obs.kill()
    assert not obs.running
    eventually(lambda: not obs.muxers())
    [recording] = obs.recordings.iterdir()
    assert float(ffprobe(recording)["format"]["duration"]) > 0

    obs.start()
    assert obs.pid != first
    with asking(obs) as ask:
        assert ask("GetProfileParameter", **parameter)["parameterValue"] == "leitstand"


def test_only_its_own_muxer_is_stopped_and_killed(shared: RealObs, real_obs: StartObs) -> None:
    one = real_obs()
    with asking(one) as ask_one, asking(shared) as ask_other:
        record(ask_one)
        record(ask_other)
        [muxer] = one.muxers()
        assert muxer in psutil.Process(one.pid).children(recursive=True)
        one.stop_muxer()
        assert muxer.status() == psutil.STATUS_STOPPED
        one.cont_muxer()
        eventually(lambda: muxer.status() != psutil.STATUS_STOPPED)
        one.kill_muxer()
        assert one.running
        assert one.muxers() == []
        [alive] = shared.muxers()
        assert alive.status() != psutil.STATUS_STOPPED
        assert float(ffprobe(finish(ask_other))["format"]["duration"]) > 0


def test_frozen_it_is_silent_and_thawed_it_answers(shared: RealObs) -> None:
    url = f"ws://{shared.host}:{shared.port}"
    with contextlib.closing(websocket.create_connection(url)) as raw:
        raw.recv()
        shared.freeze()
        raw.settimeout(0.3)
        raw.ping()
        with pytest.raises(websocket.WebSocketTimeoutException):
            raw.recv_frame()
        shared.thaw()
        raw.settimeout(10)
        assert raw.recv_frame().opcode == websocket.ABNF.OPCODE_PONG


def test_nothing_is_left_after_a_test_that_failed(obs_media: Path, tmp_path: Path) -> None:
    obs = RealObs(tmp_path / "obs", media=obs_media)

    def fail() -> None:
        with obs:
            with asking(obs) as ask:
                record(ask)
            assert sorted(left_of(obs.folder)) == ["Xvfb", "obs", "obs-ffmpeg-mux", "sh"]
            obs.stop_muxer()
            obs.freeze()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert left_of(obs.folder) == []
    assert list(obs.recordings.iterdir()), "the folder is kept"


def test_nothing_is_left_of_a_stopped_muxer_without_its_obs(
    obs_media: Path, tmp_path: Path
) -> None:
    with RealObs(tmp_path / "obs", media=obs_media) as obs:
        with asking(obs) as ask:
            record(ask)
        obs.stop_muxer()
        obs.kill()
        assert obs.muxers()
    assert left_of(obs.folder) == []
