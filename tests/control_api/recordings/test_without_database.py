"""Recording control in real processes while the database is locked, stopped or does not answer."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leitstand.demo.obs import DemoObs
from tests.disks import fill
from tests.postgresql import PostgreSql
from tests.running import eventually
from tests.soak import is_soak
from tests.venue import TOKEN, Venue, venue

ROUNDS = 3
HELD_SECONDS = 30.0 if is_soak() else 15.0
"""Longer than every wait for a lock that the service allows itself."""
COMMAND_SECONDS = 2.0
STATUS_SECONDS = 1.0
HANG_SECONDS = 60.0

_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@contextlib.contextmanager
def sqlite_locked(file: Path) -> Iterator[None]:
    """Another process holds the write lock of a SQLite file."""
    command = [sys.executable, "-c", _LOCK, str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "locked\n"
        yield
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 0


@pytest.fixture
def house(demo: DemoObs, tmp_path: Path) -> Iterator[Venue]:
    with venue(tmp_path, demo.port, tmp_path / "recordings") as made:
        yield made


@pytest.fixture
def on_postgresql(demo: DemoObs, tmp_path: Path, postgresql: PostgreSql) -> Iterator[Venue]:
    url = postgresql.make()
    with venue(tmp_path, demo.port, tmp_path / "recordings", url) as made:
        made.start()
        yield made
    postgresql.drop(url)


def database_file(house: Venue) -> Path:
    return house.folder / "state" / "leitstand.db"


def timed(ask: Callable[[], requests.Response]) -> tuple[float, dict[str, Any]]:
    """How long a good answer took, and its body."""
    began = time.monotonic()
    answer = ask()
    took = time.monotonic() - began
    assert answer.status_code == 200, answer.text
    return took, answer.json()


def see_recording(demo: DemoObs) -> Path:
    """The file that OBS writes, when it was seen to grow."""
    file = eventually(lambda: demo.recording)
    assert file is not None
    eventually(file.exists)
    size = file.stat().st_size
    eventually(lambda: file.stat().st_size > size)
    return file


def record_while_held(house: Venue, demo: DemoObs) -> list[str]:
    """Start, look, stop, several times; returns the files' names.

    The best of several rounds is judged: a busy machine may hold up some, a database holds up all.
    """
    until, files = time.monotonic() + HELD_SECONDS, []
    took: dict[str, list[float]] = {"start": [], "stop": [], "status": []}
    while len(files) < ROUNDS or time.monotonic() < until:
        seconds, body = timed(lambda: house.ask("POST", "/recordings/start", {}))
        took["start"].append(seconds)
        assert body["data"]["recording"] is True
        files.append(see_recording(demo).name)
        seconds, body = timed(lambda: house.ask("GET", "/recordings/status"))
        took["status"].append(seconds)
        assert body["data"][0]["recording"] is True
        seconds, body = timed(lambda: house.ask("POST", "/recordings/stop", {}))
        took["stop"].append(seconds)
        assert demo.recording is None, body
    assert min(took["start"]) < COMMAND_SECONDS, took
    assert min(took["stop"]) < COMMAND_SECONDS, took
    assert min(took["status"]) < STATUS_SECONDS, took
    return files


def see_all_kept_once(house: Venue, files: list[str]) -> None:
    """Rows are files, and each command is in the audit log once."""

    # Connections that the server has ended are noticed one by one.
    eventually(lambda: house.ask("GET", "/audit").ok, HANG_SECONDS)

    def rows() -> list[str]:
        return [one["file"] for one in house.call("GET", "/recordings?limit=1000")]

    def deeds() -> list[str]:
        return [one["action"].rpartition("/")[2] for one in house.call("GET", "/audit?limit=1000")]

    eventually(lambda: sorted(rows()) == sorted(files), HANG_SECONDS)
    wanted = sorted(["start", "stop"] * len(files))
    eventually(lambda: len(deeds()) >= len(wanted), HANG_SECONDS)
    # What would come a second time comes with the next writes.
    house.call("POST", "/schedules", SCHEDULE)
    assert sorted(each for each in deeds() if each != "schedules") == wanted
    assert sorted(rows()) == sorted(files)


SCHEDULE = {
    "title": "Another day",
    "weekdays": [],
    "add": ["2099-01-01"],
    "start": "10:00",
    "end": "11:00",
}


def test_a_locked_file_after_the_start(house: Venue, demo: DemoObs) -> None:
    house.start()
    with sqlite_locked(database_file(house)):
        files = record_while_held(house, demo)
    see_all_kept_once(house, files)


def test_many_requests_that_wait_for_the_database_hold_up_none_that_does_not(
    house: Venue, demo: DemoObs
) -> None:
    """More than the server has threads for."""
    house.start()
    with sqlite_locked(database_file(house)):
        waiting = [_ask_in_background(house) for _ in range(80)]
        assert house.ask("GET", "/recordings/status").ok
        assert house.ask("POST", "/recordings/start", {}).ok
        see_recording(demo)
        assert requests.get(f"{house.url}/", timeout=HANG_SECONDS).ok
        assert house.ask("GET", "/ping").ok
        assert house.ask("POST", "/recordings/stop", {}).ok
        assert any(thread.is_alive() for thread in waiting)
    for thread in waiting:
        thread.join(HANG_SECONDS)


def _ask_in_background(house: Venue) -> threading.Thread:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def ask() -> None:
        requests.post(f"{house.url}/api/schedules", json=SCHEDULE, headers=headers, timeout=120)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def test_state_on_a_full_disk(demo: DemoObs, tmp_path: Path, small_disk: Path) -> None:
    """A service that starts then serves too."""
    (tmp_path / "state").symlink_to(small_disk, target_is_directory=True)
    with venue(tmp_path, demo.port, tmp_path / "recordings") as house:
        house.start()
        filler = fill(small_disk)
        files = record_while_held(house, demo)
        house.kill_api()
        house.start()
        files += record_while_held(house, demo)
        filler.unlink()
        see_all_kept_once(house, files)


def test_a_service_that_starts_while_the_file_is_locked(house: Venue, demo: DemoObs) -> None:
    """Without tables it waits; with them it serves."""
    state = house.folder / "state"
    state.mkdir()
    with sqlite_locked(database_file(house)):
        house.start_recorder()
        house.launch()
        assert house.service is not None
        house.service.find("(waiting until it can be used)", HANG_SECONDS)
    house.service.find(r"control API .* at (http://\S+)", HANG_SECONDS)
    house.kill_api()
    with sqlite_locked(database_file(house)):
        house.start()
        files = record_while_held(house, demo)
    see_all_kept_once(house, files)


def test_the_writers_lock_of_postgresql(
    on_postgresql: Venue, demo: DemoObs, postgresql: PostgreSql
) -> None:
    with postgresql.writer_lock_held(on_postgresql.database):
        files = record_while_held(on_postgresql, demo)
    see_all_kept_once(on_postgresql, files)


def test_postgresql_that_is_stopped(
    on_postgresql: Venue, demo: DemoObs, postgresql: PostgreSql
) -> None:
    on_postgresql.call("GET", "/recordings/status")
    with postgresql.stopped():
        files = record_while_held(on_postgresql, demo)
        assert on_postgresql.ask("GET", "/recordings").status_code == 503
    see_all_kept_once(on_postgresql, files)


def test_postgresql_that_does_not_answer(
    on_postgresql: Venue, demo: DemoObs, postgresql: PostgreSql
) -> None:
    on_postgresql.call("GET", "/recordings/status")
    stranger = requests.Session()
    stranger.headers["Authorization"] = "Bearer lst_unknown"
    with postgresql.frozen():
        files = record_while_held(on_postgresql, demo)
        status = f"{on_postgresql.url}/api/recordings/status"
        assert stranger.get(status, timeout=HANG_SECONDS).status_code == 503
        assert on_postgresql.ask("GET", "/recordings").status_code == 503
    see_all_kept_once(on_postgresql, files)
    assert stranger.get(status, timeout=HANG_SECONDS).status_code == 401
