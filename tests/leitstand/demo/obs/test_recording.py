"""The file plays, its stamps count every frame, and a click falls on the second they show."""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from leitstand.demo.obs import DemoObs, Stamp, read_stamp
from leitstand.demo.obs.profile import Profile
from leitstand.demo.obs.sound import RATE, TONE_PEAK

from .conftest import TEST_FPS, Client, Json, connect, wait_for

FPS = 30
LOUD = 0.3
APART = 0.5


@dataclass(frozen=True, slots=True)
class Decoded:
    stamps: list[Stamp]
    times: list[float]
    clicks: list[float]


def decode(file: Path) -> Decoded:
    with av.open(str(file)) as container:
        stamps, times = [], []
        for frame in container.decode(video=0):
            assert frame.time is not None
            times.append(frame.time)
            luma = frame.to_ndarray(format="yuv420p")[: frame.height]
            stamps.append(read_stamp(luma))
    return Decoded(stamps, times, clicks(file))


def clicks(file: Path) -> list[float]:
    """When the sound becomes loud after at least half a second in which it was not."""
    loud: list[float] = []
    with av.open(str(file)) as container:
        for frame in container.decode(audio=0):
            assert frame.time is not None
            samples = np.abs(frame.to_ndarray()[0])
            loud.extend(frame.time + np.flatnonzero(samples > LOUD) / RATE)
    return [when for before, when in itertools.pairwise([-APART, *loud]) if when - before >= APART]


def loudest(file: Path) -> float:
    with av.open(str(file)) as container:
        return max(float(np.abs(f.to_ndarray()).max()) for f in container.decode(audio=0))


def record(demo: DemoObs, client: Client, seconds: float) -> Path:
    client.data("StartRecord")
    started = client.record_until("STARTED")[-1]["eventData"]
    until = seconds * 1000
    wait_for(lambda: client.data("GetRecordStatus")["outputDuration"] >= until)
    client.data("StopRecord")
    stopped = client.record_until("STOPPED")[-1]["eventData"]
    assert stopped["outputPath"] == started["outputPath"]
    return Path(stopped["outputPath"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def file(folder: Path) -> Iterator[Path]:
    with DemoObs(folder) as demo, connect(demo.url, close_timeout=0.1) as socket:
        yield record(demo, Client(socket).identify(), 2.0)


@pytest.fixture(scope="module")
def decoded(file: Path) -> Decoded:
    return decode(file)


def test_it_is_called_as_obs_calls_it(file: Path, folder: Path) -> None:
    assert re.fullmatch(r"\d{4}(-\d\d){2}_\d\d-\d\d-\d\d\.mkv", file.name)
    started = time.mktime(time.strptime(file.stem, "%Y-%m-%d_%H-%M-%S"))
    assert 0 <= file.stat().st_mtime - started < 30
    assert list(folder.iterdir()) == [file]


def test_streams_are_h264_and_aac(file: Path) -> None:
    with av.open(str(file)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (640, 360, FPS)
        assert (audio.rate, audio.channels) == (RATE, 2)


def test_no_frame_is_missing(decoded: Decoded) -> None:
    numbers = [stamp.frame for stamp in decoded.stamps]
    assert len(numbers) >= 2 * FPS
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_time_stamps_go_with_the_frames(decoded: Decoded) -> None:
    first = decoded.times[0]
    expected = [first + number / FPS for number in range(len(decoded.times))]
    assert decoded.times == pytest.approx(expected, abs=0.001)


def test_the_wall_clock_is_in_the_picture(decoded: Decoded, file: Path) -> None:
    first = decoded.stamps[0]
    zero = first.second - first.frame // FPS
    assert all(stamp.second == zero + stamp.frame // FPS for stamp in decoded.stamps)
    assert 0 <= file.stat().st_mtime - decoded.stamps[-1].second < 30


def test_clicks_fall_on_full_seconds(decoded: Decoded) -> None:
    seconds = [
        when
        for stamp, when in zip(decoded.stamps, decoded.times, strict=True)
        if stamp.frame % FPS == 0
    ]
    assert len(seconds) >= 2
    assert decoded.clicks == pytest.approx(seconds, abs=1 / FPS)


def test_the_tone_is_there_between_the_clicks(file: Path) -> None:
    with av.open(str(file)) as container:
        frames = [np.abs(f.to_ndarray()).max() for f in container.decode(audio=0)]
    assert np.median(frames) == pytest.approx(TONE_PEAK, rel=0.2)


def test_a_pause_leaves_a_gap_in_the_clock_but_none_in_the_file(client: Client) -> None:
    def duration() -> int:
        return int(client.data("GetRecordStatus")["outputDuration"])

    client.data("StartRecord")
    wait_for(lambda: duration() > 150)
    client.data("PauseRecord")
    client.record_until("PAUSED")
    status: Json = wait_for(lambda: (s := client.data("GetRecordStatus"))["outputPaused"] and s)
    assert status["outputActive"] is True
    stands = wait_for(lambda: duration() == duration() and duration())
    time.sleep(0.2)
    assert duration() - stands <= 1000 // TEST_FPS + 1
    client.data("ResumeRecord")
    client.record_until("RESUMED")
    wait_for(lambda: duration() > stands + 150)
    path = Path(client.data("StopRecord")["outputPath"])
    client.record_until("STOPPED")
    seen = decode(path)
    steps = [b.frame - a.frame for a, b in itertools.pairwise(seen.stamps)]
    assert sorted(set(steps))[0] == 1
    assert len([step for step in steps if step > 1]) == 1
    assert max(steps) > 0.2 * TEST_FPS
    even = [b - a for a, b in itertools.pairwise(seen.times)]
    assert even == pytest.approx([1 / TEST_FPS] * len(even), abs=0.002)


def test_mp4_is_final_when_stopped_comes(demo: DemoObs, client: Client) -> None:
    parameter = {"parameterCategory": "SimpleOutput", "parameterName": "RecFormat"}
    client.data("SetProfileParameter", **parameter, parameterValue="mp4")
    path = record(demo, client, 0.1)
    assert path.suffix == ".mp4"
    seen = decode(path)
    assert len(seen.stamps) > 0.1 * TEST_FPS
    assert seen.stamps[-1].frame - seen.stamps[0].frame == len(seen.stamps) - 1


def test_stop_is_answered_before_the_file_is_final(client: Client) -> None:
    client.data("StartRecord")
    wait_for(lambda: client.data("GetRecordStatus")["outputBytes"])
    client.data("StopRecord")
    assert client.data("GetRecordStatus")["outputActive"] is True
    assert client.code("StopRecord") == 100
    assert client.code("StartRecord") == 500
    client.record_until("STOPPED")
    status = client.data("GetRecordStatus")
    assert (status["outputActive"], status["outputDuration"]) == (False, 0)
    assert status["outputBytes"] > 0


def test_two_recordings_in_a_second_have_two_names(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    profile.values["Output", "FilenameFormatting"] = "evening %CCYY"
    first = profile.next_file()
    first.touch()
    assert first.name == f"evening {time.localtime().tm_year}.mkv"
    assert profile.next_file().name == f"{first.stem} (2).mkv"


def test_without_its_folder_nothing_happens(demo: DemoObs, client: Client) -> None:
    demo.profile.values["SimpleOutput", "FilePath"] = str(demo.profile.directory / "gone")
    assert client.data("GetStats")["availableDiskSpace"] == 0.0
    client.data("StartRecord")
    assert client.data("GetRecordStatus")["outputActive"] is False
    assert client.code("StopRecord") == 501
    assert client.events == []


def test_a_clean_end_makes_the_file_final(demo: DemoObs, client: Client) -> None:
    client.data("StartRecord")
    wait_for(lambda: client.data("GetRecordStatus")["outputDuration"] > 100)
    path = demo.recording
    assert path is not None
    demo.restart()
    assert demo.recording is None
    with av.open(str(path)) as container:
        assert container.duration is not None


def test_a_kill_leaves_what_was_on_the_disk(demo: DemoObs, client: Client) -> None:
    client.data("StartRecord")
    path = wait_for(lambda: demo.recording)
    wait_for(lambda: path.exists() and path.stat().st_size > 0)
    demo.kill()
    size = path.stat().st_size
    demo.start()
    assert demo.do("GetRecordStatus")["outputActive"] is False
    assert path.stat().st_size == size
    seen = decode(path)
    assert 0 < len(seen.stamps) == seen.stamps[-1].frame - seen.stamps[0].frame + 1


PROGRAM = """
import pathlib, sys, threading
from leitstand.demo.obs import DemoObs
demo = DemoObs(pathlib.Path(sys.argv[1]), cluster_seconds=0.5)
demo.start()
demo.do("StartRecord")
threading.Event().wait()
"""


def test_kill_9_leaves_a_playable_file(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)])
    try:
        path = wait_for(lambda: next(tmp_path.glob("*.mkv"), None))
        wait_for(lambda: path.stat().st_size > 0)
    finally:
        process.kill()
        process.wait()
    seen = decode(path)
    assert 0 < len(seen.stamps) == seen.stamps[-1].frame - seen.stamps[0].frame + 1


def test_the_command_ends_properly_on_ctrl_c(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hush\n")
    command = [sys.executable, "-W", "error", "-m", "leitstand.demo.obs", "--port", "0"]
    command += ["--recordings", str(tmp_path), "--password-file", str(secret)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with connect(url, close_timeout=0.1) as socket:
        client = Client(socket).identify("hush")
        client.data("StartRecord")
        wait_for(lambda: client.data("GetRecordStatus")["outputDuration"] > 100)
        process.send_signal(signal.SIGINT)
        client.until("ExitStarted")
    _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")
    (path,) = tmp_path.glob("*.mkv")
    assert len(decode(path).stamps) > 3
