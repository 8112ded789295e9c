"""One look at a real OBS: splits, moved folders, dead and stopped muxers, judged by the files."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

import pytest

from control_api.recorder.observation import Observation, Progress
from control_api.recordings.reasons import Code, Reason
from tests.control_api.recorder.watching import LOOK_SECONDS, Watch, busy, frames, watched
from tests.obs import PROMPT, RealObs
from tests.running import eventually
from tests.small_disk import small_disk
from tests.soak import is_soak

Start = Callable[..., RealObs]

FPS = 15
STOPPING = "OBS_WEBSOCKET_OUTPUT_STOPPING"
NOTICED_SECONDS = 15.0
SPLIT = {"RecSplitFile": True, "RecSplitFileType": "Manual"}
FRAGMENTS_SECONDS = 60.0 if is_soak() else 20.0
"""OBS's usual group of 250 pictures lasts 16.7 s at 15 frames a second."""
BUSY_PROCESSES = 40
BUSY_SECONDS = 60 if is_soak() else 15
STOPS = [(phase * 0.27, 1.0 + 4.0 * phase / 19) for phase in range(20)]
"""From a growth of the file to a stop of its muxer, and how long that lasts, in seconds."""


def watching(obs: RealObs) -> AbstractContextManager[Watch]:
    return watched(obs.port, obs.recordings)


def is_lost(observation: Observation) -> bool:
    """Whether a dead muxer was noticed; OBS may have done so itself, and have stopped."""
    return observation.progress is Progress.MUXER_DEAD or not observation.active


def split(watch: Watch) -> None:
    """As somebody at the keyboard does; OBS goes over at the next key frame."""
    watch.link.request("TriggerHotkeyByName", {"hotkeyName": "OBSBasic.SplitFile"})


def move_records(watch: Watch, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    watch.link.request(
        "SetProfileParameter",
        {
            "parameterCategory": "SimpleOutput",
            "parameterName": "FilePath",
            "parameterValue": str(folder),
        },
    )


@pytest.mark.parametrize(
    "settings", [SPLIT, {**SPLIT, "RecSplitFileType": "Size", "RecSplitFileSize": 1}]
)
def test_a_recording_that_obs_splits_is_followed_from_file_to_file(
    real_obs: Start, settings: dict[str, object]
) -> None:
    obs = real_obs(advanced=settings)
    with watching(obs) as watch:
        first = watch.record(3.0)
        for _ in range(2):
            before = watch.last.path
            if settings["RecSplitFileType"] == "Manual":
                split(watch)
            watch.until(lambda one, before=before: one.path != before)
        watch.go_on(3.0)
        watch.stop()
        recorded = watch.recorded
    assert watch.progress == {Progress.HEALTHY}
    assert all(before.duration <= after.duration for before, after in pairwise(recorded))
    visited = list(dict.fromkeys(one.file for one in recorded if one.file))
    assert visited == sorted(obs.recordings.iterdir())
    assert (visited[0], len(visited)) == (first.file, 3)
    assert [Path(path) for path in dict.fromkeys(one.path or "" for one in recorded)] == visited
    counted = sum(frames(path) for path in visited)
    # OBS counts the frame at which it stops, and does not write it.
    assert counted + 1 >= recorded[-1].duration * FPS


def test_the_file_is_found_after_the_record_folder_moved(real_obs: Start) -> None:
    obs = real_obs(muxer=PROMPT)
    with watching(obs) as watch:
        first = watch.record(2.0)
        move_records(watch, obs.recordings / "friday")
        watch.go_on(3.0)
        assert watch.last.file == first.file
        watch.stop()
        second = watch.record(2.0)
        assert second.file is not None
        assert second.file.parent == obs.recordings / "friday"
        obs.kill_muxer()
        watch.until(is_lost)


def test_the_file_is_found_after_the_profile_was_switched(real_obs: Start) -> None:
    obs = real_obs(muxer=PROMPT)
    with watching(obs) as watch:
        first = watch.record(2.0)
        watch.link.request("CreateProfile", {"profileName": "Other"})
        watch.go_on(3.0)
        assert (watch.last.file, watch.progress) == (first.file, {Progress.HEALTHY})
        obs.kill_muxer()
        watch.until(is_lost)


@pytest.mark.parametrize(
    ("record_format", "scene"), [("mkv", "Main"), ("mp4", "Main"), ("mkv", "Still")]
)
def test_a_dead_muxer_is_noticed_in_time(real_obs: Start, record_format: str, scene: str) -> None:
    obs = real_obs(record_format=record_format)
    with watching(obs) as watch:
        watch.link.request("SetCurrentProgramScene", {"sceneName": scene})
        watch.record(12.0)
        obs.kill_muxer()
        at = time.monotonic()
        watch.until(is_lost)
        assert time.monotonic() - at <= NOTICED_SECONDS
    assert watch.progress <= {Progress.HEALTHY, Progress.MUXER_DEAD}


def test_a_custom_output_is_found_and_healthy(real_obs: Start) -> None:
    obs = real_obs(advanced={"RecType": "FFmpeg"})
    with watching(obs) as watch:
        recorded = watch.record(20.0)
        assert recorded.file is not None
        assert recorded.file.parent == obs.recordings
        watch.stop()
        assert watch.progress == {Progress.HEALTHY}


def test_a_file_that_grows_by_groups_of_pictures_is_healthy(real_obs: Start) -> None:
    obs = real_obs(record_format="mp4", muxer="movflags=frag_keyframe+empty_moov")
    with watching(obs) as watch:
        watch.record(FRAGMENTS_SECONDS)
        watch.stop()
        assert watch.progress == {Progress.HEALTHY}


def test_a_stop_by_somebody_is_told_from_a_muxer_that_fails(real_obs: Start) -> None:
    obs = real_obs(muxer=PROMPT)
    with watching(obs) as watch:
        watch.record(1.0)
        watch.link.request("StopRecord")
        assert watch.until(lambda one: not one.active).stopped
        watch.record(3.0)
        obs.kill_muxer()
        assert not watch.until(is_lost).stopped


def test_a_stop_for_want_of_space_is_told_from_one_by_somebody(
    real_obs: Start, tmp_path: Path
) -> None:
    obs = real_obs(quality="Small")
    with small_disk(tmp_path, mib=128) as disk, watched(obs.port, disk.path) as watch:
        move_records(watch, disk.path)
        watch.record(1.0)
        disk.fill()
        eventually(lambda: hears_a_stop(watch))
        # The last frames are not yet encoded.
        assert watch.output.look().active
        disk.make_room()
        ended = watch.until(lambda one: not one.active)
        assert (ended.stopped, ended.obstacle) == (False, None)
        assert ended.ended_by == Reason(Code.DISK_FULL, {"free_mb": 0})
        assert watch.look().ended_by is None
        watch.record(1.0)
        watch.link.request("StopRecord")
        ended = watch.until(lambda one: not one.active)
        assert (ended.stopped, ended.ended_by) == (True, None)


def hears_a_stop(watch: Watch) -> bool:
    """Whether OBS just said that it stops, and no look was made since."""
    events = watch.link.events(LOOK_SECONDS).events
    for event in events:
        watch.output.hear(event)
    return any(event.data.get("outputState") == STOPPING for event in events)


def test_to_stop_what_is_stopping_or_stopped_is_success(real_obs: Start) -> None:
    with watching(real_obs(quality="Small")) as watch:
        watch.record(1.0)
        watch.output.stop()
        watch.output.stop()
        watch.until(lambda one: not one.active)
        watch.output.stop()


def test_a_muxer_that_is_stopped_for_a_moment_is_healthy(real_obs: Start) -> None:
    stops = STOPS if is_soak() else STOPS[7::12]
    obs = real_obs()
    with watching(obs) as watch:
        watch.record(12.0)
        for phase, stopped in stops:
            assert watch.last.file is not None
            size = watch.last.file.stat().st_size
            watch.until(lambda one, size=size: one.file.stat().st_size > size)
            watch.run(phase)
            obs.stop_muxer()
            watch.run(stopped)
            obs.cont_muxer()
            watch.go_on(6.0)
        counted = watch.last.duration
        watch.stop()
    assert watch.progress == {Progress.HEALTHY}
    (file,) = obs.recordings.iterdir()
    # What OBS counts while it stops, it does not write.
    assert frames(file) >= counted * FPS


@pytest.mark.parametrize("_number", range(3 if is_soak() else 1))
def test_on_a_busy_machine_no_muxer_is_dead(real_obs: Start, _number: int) -> None:
    obs = real_obs()
    with watching(obs) as watch:
        watch.record(8.0)
        with busy(BUSY_PROCESSES):
            watch.run(BUSY_SECONDS)
        counted = watch.last.duration
        watch.stop()
    assert Progress.MUXER_DEAD not in watch.progress
    (file,) = obs.recordings.iterdir()
    # What OBS counts while it stops, it does not write.
    assert frames(file) >= counted * FPS
