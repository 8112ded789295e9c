"""Windows are recorded on time whatever happens to database, state folder, clock and API.

The judge is the file that the demo OBS writes, and what the API reports afterwards.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import requests

from leitstand.demo.obs import DemoObs
from tests.running import eventually
from tests.venue import Venue, venue

LATE = 5.0
"""Seconds that a start may take on a busy machine."""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture
def house(demo: DemoObs, tmp_path: Path) -> Iterator[Venue]:
    with venue(tmp_path, demo.port, tmp_path / "recordings") as made:
        yield made


@pytest.fixture
def small_state(tmp_path: Path) -> Iterator[Path]:
    """The state folder on a file system of its own, of 60 MB."""
    state = tmp_path / "state"
    state.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(state)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a file system that fills up")
    yield state
    subprocess.run(["umount", "--lazy", str(state)], check=True)


def seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.duration or 0) / 1e6


def length_of(path: Path) -> float:
    """Seconds, as soon as the file is final."""
    return eventually(lambda: seconds(path))


def the_file(folder: Path) -> Path:
    (found,) = folder.glob("*.mkv")
    return found


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass
    assert shutil.disk_usage(folder).free == 0


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def health(house: Venue) -> dict[str, Any]:
    """By check, its reason where it fails; a failing check makes the status 503."""
    answer = house.ask("GET", "/health")
    body = answer.json()
    report = body["data"]
    return {each["name"]: each for each in report["details"] if each["status"] == "failing"}


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """SQLite's write lock, held by somebody else."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_window_begins_while_the_database_is_locked(
    house: Venue, demo: DemoObs, tmp_path: Path
) -> None:
    house.start()
    schedule = house.window(starts_in=4, seconds=14)
    with locked(tmp_path / "state" / "leitstand.db"):
        held = time.monotonic()
        house.becomes(recording=True, within=4 + LATE)
        assert house.metric("leitstand_recording_desired") == 1
        eventually(lambda: "database" in health(house), 10)
        assert time.monotonic() - held < 30
        house.becomes(recording=False, within=14 + 4 + LATE)
    run = house.run(schedule)
    assert (run["outcome"], run["missing_seconds"]) == ("recorded", pytest.approx(0, abs=LATE))
    assert length_of(the_file(house.recordings)) == pytest.approx(14, abs=LATE)
    assert house.kinds().count("recording_started") == 1
    assert "database_lost" in house.kinds()


def test_a_window_begins_while_the_state_folder_is_full(
    small_state: Path, house: Venue, demo: DemoObs
) -> None:
    house.start()
    schedule = house.window(starts_in=5, seconds=10)
    fill(small_state)
    house.becomes(recording=True, within=5 + LATE)
    house.becomes(recording=False, within=15 + LATE)
    (small_state / "filler").unlink()
    run = house.run(schedule)
    assert run["outcome"] == "recorded"
    assert length_of(the_file(house.recordings)) == pytest.approx(10, abs=LATE)


def test_the_recorder_starts_while_the_state_folder_is_full_and_the_api_is_gone(
    small_state: Path, house: Venue, demo: DemoObs
) -> None:
    house.start()
    schedule = house.window(starts_in=15, seconds=10)
    eventually(lambda: house.call("GET", "/recordings/status"))
    house.kill()
    fill(small_state)
    house.start_recorder()
    eventually(lambda: demo.recording is not None, 15 + LATE)
    eventually(lambda: demo.recording is None, 10 + 2 * LATE)
    (small_state / "filler").unlink()
    house.start_api()
    assert house.run(schedule)["outcome"] == "recorded"


def test_both_start_while_the_state_folder_is_read_only(
    small_state: Path, house: Venue, demo: DemoObs
) -> None:
    house.start()
    house.window(starts_in=3600, seconds=10)
    house.becomes(connected=True)
    house.kill()
    remount(small_state, "ro")
    house.start()
    assert [each["title"] for each in house.call("GET", "/schedules")] == ["The evening"]
    assert house.call("GET", "/admin/logs")
    assert house.ask("POST", "/schedules", {}).status_code >= 400
    house.call("POST", "/recordings/start", {"title": "By hand"})
    house.becomes(verified=True)


def test_the_api_may_be_stopped_killed_or_never_there(house: Venue, demo: DemoObs) -> None:
    house.start()
    schedule = house.window(starts_in=4, seconds=16)
    eventually(lambda: house.status["connected"])
    assert house.service is not None
    house.service.send(signal.SIGSTOP)
    eventually(lambda: demo.recording is not None, 4 + LATE)
    house.kill_api()
    eventually(lambda: demo.recording is None, 16 + LATE)
    house.start_api()
    run = house.run(schedule)
    assert (run["outcome"], run["missing_seconds"]) == ("recorded", pytest.approx(0, abs=LATE))
    assert length_of(the_file(house.recordings)) == pytest.approx(16, abs=LATE)


def test_a_state_folder_that_is_removed_costs_neither_the_plan_nor_the_recording(
    house: Venue, demo: DemoObs, tmp_path: Path
) -> None:
    house.start()
    house.window(starts_in=2, seconds=3600)
    file = house.becomes(verified=True)["file"]
    shutil.rmtree(tmp_path / "state", ignore_errors=True)
    eventually(lambda: len(list((tmp_path / "state" / "recorder").glob("journal.?"))) == 2, 15)
    house.kill()
    house.start()
    eventually(lambda: house.call("GET", "/schedules"), 20)
    status = house.becomes(verified=True)
    assert (status["file"], status["origin"]) == (file, "schedule")
    assert "other_leitstand" not in house.kinds()


def test_a_recorder_whose_state_folder_became_a_file_knows_the_plan(
    house: Venue, demo: DemoObs, tmp_path: Path
) -> None:
    house.start()
    house.window(starts_in=20, seconds=3600)
    # The recorder has read it.
    eventually(lambda: house.call("GET", "/recordings/status")[0]["reason_code"] != "no_plan")
    house.kill_api()
    state = tmp_path / "state"
    shutil.rmtree(state, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
    state.write_text("no folder")
    eventually(lambda: len(list((tmp_path / "run" / "recorder").glob("journal.?"))) == 2, 15)
    house.kill_recorder()
    assert demo.recording is None
    house.start_recorder()
    eventually(lambda: demo.recording, 20 + LATE)


def test_without_the_recorder_the_api_says_so(house: Venue, demo: DemoObs) -> None:
    house.start()
    house.becomes(connected=True)
    house.kill_recorder()
    status = eventually(lambda: s if (s := house.status)["fault"] else None)
    assert [fault["code"] for fault in status["faults"]] == ["recorder_not_running"]
    assert house.ask("GET", "/health").status_code == 503
    assert house.ask("POST", "/recordings/start", {}).status_code == 503
    assert house.ask("GET", "/videos").ok
    house.start_recorder()
    house.becomes(connected=True, fault=None)
    eventually(lambda: house.ask("GET", "/health").ok)


def test_a_recorder_that_is_stopped_for_a_while_costs_nothing_in_a_recording(
    house: Venue, demo: DemoObs
) -> None:
    house.start()
    schedule = house.window(starts_in=2, seconds=20)
    house.becomes(verified=True)
    assert house.recorder is not None
    house.recorder.send(signal.SIGSTOP)
    time.sleep(8)
    house.recorder.send(signal.SIGCONT)
    run = house.run(schedule, within=40)
    assert (run["outcome"], run["missing_seconds"]) == ("recorded", pytest.approx(0, abs=LATE))
    assert length_of(the_file(house.recordings)) == pytest.approx(20, abs=LATE)


def test_a_database_that_is_deleted_is_reported_and_gets_its_schedules_back(
    house: Venue, demo: DemoObs, tmp_path: Path
) -> None:
    house.start()
    schedule = house.window(starts_in=3600, seconds=10)
    house.becomes(connected=True)
    # The recorder has read it.
    eventually(lambda: house.call("GET", "/recordings/status")[0]["reason_code"] != "no_plan")
    for file in (tmp_path / "state").glob("leitstand.db*"):
        file.unlink()
    path = f"/schedules/{schedule['id']}"
    assert house.ask("PATCH", path, {"title": "Lost"}).status_code == 503
    assert "database" in eventually(lambda: health(house), 10)
    assert house.ask("PATCH", "/settings", {"events.keep_days": 12}).status_code == 503
    assert not (tmp_path / "state" / "leitstand.db").exists()
    house.kill()
    house.start()
    eventually(lambda: house.call("GET", "/schedules"), 20)
    assert [each["title"] for each in house.call("GET", "/schedules")] == ["The evening"]
    assert "database_fresh" in eventually(house.kinds)


@pytest.mark.parametrize("while_running", [False, True])
def test_an_old_copy_of_the_database_does_not_end_what_runs(
    house: Venue, demo: DemoObs, tmp_path: Path, while_running: bool
) -> None:
    file, copy = tmp_path / "state" / "leitstand.db", tmp_path / "old.db"
    house.start()
    house.becomes(connected=True)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    schedule = house.window(starts_in=2, seconds=120)
    begun = time.monotonic()
    recorded = house.becomes(verified=True)["file"]
    if not while_running:
        house.end()
    for each in file.parent.glob("leitstand.db*"):
        if each.suffix in (".db", ".db-wal", ".db-shm"):
            each.unlink()
    shutil.copy(copy, file)
    if while_running:
        eventually(lambda: "database" in health(house), 10)
        house.kill()
    house.start()
    status = house.becomes(recording=True, verified=True)
    assert status["file"] == recorded
    assert "database_replaced" in [fault["code"] for fault in status["faults"]]
    house.end_window(schedule, ends_in=3)
    length = time.monotonic() + 3 - begun
    run = house.run(schedule)
    assert (run["outcome"], run["missing_seconds"]) == ("recorded", pytest.approx(0, abs=LATE))
    assert length_of(the_file(house.recordings)) == pytest.approx(length - 2, abs=LATE)
    assert house.kinds().count("database_fresh") == 1


FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@pytest.mark.skipif(
    not FAKETIME.exists() and os.environ.get("CI") != "true", reason="libfaketime is not installed"
)
@pytest.mark.parametrize("jump", ["+5", "+60", "-60"])
def test_the_wall_clock_may_be_set_while_it_records(
    house: Venue, demo: DemoObs, tmp_path: Path, jump: str
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0")
    clock = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
    house.start_recorder(**clock)
    house.start_api()
    house.becomes(connected=True)
    house.call("POST", "/recordings/start", {"title": "By hand"})
    file = house.becomes(verified=True)["file"]
    beside = tmp_path / "offset.new"
    beside.write_text(jump)
    beside.rename(offset)
    until = time.monotonic() + 12
    while time.monotonic() < until:
        assert house.status["file"] == file
        assert house.status["faults"] == []
        time.sleep(0.2)
    told = eventually(lambda: [kind for kind in house.kinds() if "recording" in kind])
    assert told == ["recording_started"]
    assert house.ask("POST", "/recordings/stop", {}).ok
    assert requests.get(f"{house.url}/api/ping", timeout=5).ok
