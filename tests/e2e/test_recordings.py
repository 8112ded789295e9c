"""Evenings with a real OBS: what crashes, hangs or fills up is noticed, told and got over."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import av
import pytest

from tests.obs import PROMPT, RealObs
from tests.running import eventually
from tests.venue import Venue, venue

Start = Callable[..., RealObs]
LATE = 10.0


@pytest.fixture
def obs(real_obs: Start, request: pytest.FixtureRequest) -> RealObs:
    # At the quality of the stream OBS cannot pause.
    return real_obs(quality="Small", muxer=getattr(request, "param", PROMPT))


@pytest.fixture
def house(obs: RealObs, tmp_path: Path) -> Iterator[Venue]:
    with venue(tmp_path, obs.port, obs.recordings) as made:
        yield made


def seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.duration or 0) / 1e6


def test_a_window_begins_and_ends_though_the_service_is_killed_in_it(
    house: Venue, obs: RealObs
) -> None:
    house.start()
    # Long enough for services that start slowly; it is ended when they run.
    schedule = house.window(starts_in=2, seconds=120)
    before = house.becomes(recording=True, desired=True)
    assert before["reason"] == "scheduled: The evening"
    house.becomes(verified=True)
    house.kill()
    time.sleep(3)
    house.start()
    after = house.becomes(recording=True)
    assert (after["file"], after["since"]) == (before["file"], before["since"])
    house.end_window(schedule, ends_in=4)
    run = house.run(schedule)
    assert run["outcome"] == "recorded", run
    eventually(lambda: house.call("GET", "/recordings")[0]["state"] == "finished")
    (recording,) = house.call("GET", "/recordings")
    start, end = (datetime.fromisoformat(run[name]) for name in ("start", "end"))
    wanted = (end - start).total_seconds()
    assert abs(seconds(obs.recordings / recording["file"]) - wanted) < 3
    house.becomes(recording=False)


def test_obs_is_killed_in_a_window_that_had_begun_before_the_service(
    house: Venue, obs: RealObs
) -> None:
    house.start()
    schedule = house.window(starts_in=1, seconds=300)
    house.kill()
    time.sleep(1.5)
    house.start()
    house.becomes(verified=True)
    obs.kill()
    house.becomes(connected=False)
    assert "OBS" in house.status["fault"]
    obs.start()
    back = time.monotonic()
    house.becomes(recording=True)
    assert time.monotonic() - back < LATE
    house.becomes(verified=True, fault=None)
    eventually(lambda: house.call("GET", "/recordings")[1]["state"] == "finished")
    second, first = house.call("GET", "/recordings")
    assert second["evening"] == first["evening"] == first["id"]
    assert house.ask("DELETE", f"/schedules/{schedule['id']}").ok
    house.becomes(recording=False)
    run = house.call("GET", "/schedules/runs")[0]
    assert any("OBS" in gap["reason"] for gap in run["gaps"]), run
    kinds = house.kinds()
    assert {"obs_lost", "obs_back", "recording_started", "recording_stopped"} <= set(kinds)


def test_a_record_folder_that_is_gone(house: Venue, obs: RealObs) -> None:
    house.start()
    house.window(starts_in=1, seconds=300)
    house.becomes(verified=True)
    shutil.rmtree(obs.recordings)
    status = eventually(lambda: s if "gone" in ((s := house.status)["fault"] or "") else None)
    assert status["desired"] is True
    assert house.metric("leitstand_recording_desired") == 1
    assert house.metric("leitstand_recording_active") == 0
    obs.recordings.mkdir()
    house.becomes(verified=True, fault=None)
    assert house.metric("leitstand_recording_active") == 1
    kinds = house.kinds()
    assert kinds.count("recording_recovered") == 1
    assert kinds.count("recording_failed") in (1, 2), kinds
    assert house.ask("POST", "/recordings/stop", {}).ok


def test_a_disk_that_is_full(house: Venue, obs: RealObs, small_disk: Path) -> None:
    house.start()
    house.window(starts_in=1, seconds=300)
    house.becomes(verified=True)
    ballast = small_disk / "ballast"
    _fill(ballast, small_disk)
    status = eventually(lambda: s if "full" in ((s := house.status)["fault"] or "") else None, 30)
    assert status["recording"] is False
    assert house.metric("leitstand_recording_active") == 0
    ballast.unlink()
    house.becomes(verified=True, fault=None)
    assert house.ask("POST", "/recordings/stop", {}).ok
    assert {"recording_failed", "recording_recovered"} <= set(house.kinds())


@pytest.fixture
def small_disk(obs: RealObs) -> Iterator[Path]:
    """OBS's record folder on a disk of its own, of 150 MB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=150m", "tmpfs", str(obs.recordings)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only who may mount a disk can make one that fills up")
    yield obs.recordings
    obs.end()
    subprocess.run(["umount", "--lazy", str(obs.recordings)], check=True)


def _fill(ballast: Path, disk: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        while shutil.disk_usage(disk).free > 0:
            file.write(bytes(min(1 << 20, shutil.disk_usage(disk).free)))


# As OBS has it: here it waits for the bitrate to be known anyway.
@pytest.mark.parametrize("obs", [""], indirect=True, ids=["usual"])
def test_a_muxer_that_dies_and_one_that_hangs(house: Venue, obs: RealObs) -> None:
    house.start()
    assert house.ask("POST", "/recordings/start", {"title": "By hand"}).ok
    first = house.becomes(verified=True)
    # Its bitrate is known by then.
    eventually(lambda: house.status["duration"] > 7)
    obs.kill_muxer()
    died = time.monotonic()
    # OBS may notice by itself: then the recording ends, and another begins.
    second = eventually(
        lambda: s if (s := house.status)["file"] not in (None, first["file"]) else None, 30
    )
    assert time.monotonic() - died < 15 + LATE
    assert second["title"] == "By hand"
    house.becomes(verified=True, fault=None)
    assert {"recording_stalled", "recording_failed"} & set(house.kinds())

    eventually(lambda: house.status["duration"] > 7)
    obs.stop_muxer()
    eventually(lambda: house.metric("leitstand_recording_stalled") == 1, 25)
    assert "recording_stalled" in house.kinds()
    assert [fault["code"] for fault in house.status["faults"]] == ["slow"]
    obs.cont_muxer()
    # OBS kept what it could not write: nothing is restarted.
    third = house.becomes(verified=True, fault=None)
    assert third["file"] == second["file"]
    assert house.ask("POST", "/recordings/stop", {}).ok
    evening = {one["evening"] for one in house.call("GET", "/recordings")}
    assert len(evening) == 1
