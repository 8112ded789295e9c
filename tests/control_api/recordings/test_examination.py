"""Files of ended recordings, examined: each plays or is damaged; what hinders that is neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.clock import SystemClock
from control_api.database import Database
from control_api.events.kinds import Kind
from control_api.library.probing import probe
from control_api.recorder import database_rows
from control_api.recorder.recording import Origin, Recording, State
from control_api.recordings.examination import Examination, Tunables
from control_api.recordings.examination_store import attempts_of, reason_of
from control_api.recordings.tables import RecordingRow
from tests.leitstand.cut.media import Recipe, record
from tests.running import eventually, process

QUICK = Tunables(poll=0.05, final=0.5, quiet=0.05, absent=0.2, wall=60.0)
SECONDS = 60.0
"""Within which everything is done on a busy machine."""


@dataclass
class AheadClock(SystemClock):
    """The time of the machine, and so many seconds more."""

    ahead: float = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@dataclass
class Desk:
    """Recordings in a database, and an examination of them that can be restarted."""

    database: Database
    folder: Path
    clock: AheadClock = field(default_factory=AheadClock)
    told: list[dict[str, Any]] = field(default_factory=list)
    missed: list[dict[str, Any]] = field(default_factory=list)
    kinds: tuple[Kind, ...] = (Kind.RECORDING_EXAMINED,)

    def add(self, file: Path | None, state: State = State.CHECKING) -> int:
        recording = self.recording(file, state)
        with self.database.begin() as session:
            database_rows.write(session, recording)
        assert recording.row is not None
        return recording.row

    def recording(self, file: Path | None, state: State = State.CHECKING) -> Recording:
        now = self.clock.now()
        number = os.urandom(16).hex()
        told = str(file) if file else None
        return Recording(
            number, "stage", Origin.MANUAL, state, now - 9, now, file=told, ended_at=now
        )

    def row(self, recording_id: int) -> RecordingRow:
        with self.database.reading() as session:
            row = session.get(RecordingRow, recording_id)
        assert row is not None
        return row

    def state(self, recording_id: int) -> str:
        return self.row(recording_id).state

    def is_over(self, recording_id: int) -> bool:
        return self.state(recording_id) != "checking"

    def is_postponed(self, recording_id: int) -> bool:
        return self.has_failed(recording_id, 1)

    def has_failed(self, recording_id: int, times: int) -> bool:
        return attempts_of(self.row(recording_id)).failed >= times

    def has_told(self, count: int) -> bool:
        return len(self.told) == count

    @contextmanager
    def examining(self, tunables: Tunables = QUICK, **more: Any) -> Iterator[Examination]:
        examination = Examination(self.database, self.tell, self.clock, tunables, **more)
        examination.start()
        try:
            yield examination
        finally:
            examination.stop()

    def tell(self, kind: Kind, studio: str, message: str, **data: Any) -> None:
        assert (kind in self.kinds, studio) == (True, "stage")
        told = self.missed if kind is Kind.WINDOW_MISSED else self.told
        told.append({**data, "message": message})


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return Desk(database, folder)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Whole recordings of two seconds, by their extension."""
    folder = tmp_path_factory.mktemp("films")
    names = ".mkv", ".mp4"
    return {name: record(folder / f"a{name}", Recipe(seconds=2)).read_bytes() for name in names}


@pytest.fixture
def film(desk: Desk, films: dict[str, bytes]) -> Path:
    path = desk.folder / "2026-11-20 20-30-00.mkv"
    path.write_bytes(films[".mkv"])
    return path


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is not about the database."""


def test_a_recording_that_plays_is_finished(desk: Desk, film: Path) -> None:
    number = desk.add(film)
    with desk.examining():
        eventually(lambda: desk.is_over(number), SECONDS)
        (told,) = eventually(lambda: desk.told)
    row = desk.row(number)
    assert row.state == "finished"
    assert row.duration == pytest.approx(2, abs=0.1)
    assert told.pop("message") == "the recording plays: 2 s"
    assert told == {"recording_id": number, "uid": row.uid, "state": "finished", "reason": ""}


def test_one_that_is_not_visible_from_here_is_finished(desk: Desk) -> None:
    number = desk.add(None)
    with desk.examining():
        eventually(lambda: desk.is_over(number), SECONDS)
    assert desk.state(number) == "finished"
    assert reason_of(desk.row(number)) == "the file is not visible from here"


@on_sqlite
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda whole: b"x" * 100_000, "does not play"),
        (lambda whole: whole[: len(whole) // 2], "does not play"),
        (lambda whole: b"", "is empty"),
        (None, "is gone"),
    ],
    ids=["garbage", "without an index", "empty", "gone"],
)
def test_a_file_that_does_not_play_is_damaged(
    desk: Desk, films: dict[str, bytes], content: Callable[[bytes], bytes] | None, why: str
) -> None:
    path = desk.folder / "a.mp4"
    if content:
        path.write_bytes(content(films[".mp4"]))
    number = desk.add(path)
    with desk.examining():
        eventually(lambda: desk.is_over(number), SECONDS)
        (told,) = eventually(lambda: desk.told)
    assert desk.state(number) == told["state"] == "damaged"
    assert why in told["reason"]
    assert reason_of(desk.row(number)) == told["reason"]
    assert desk.row(number).duration == 0, "as the recorder counted it"


@on_sqlite
def test_an_index_that_is_written_later_is_waited_for(desk: Desk, films: dict[str, bytes]) -> None:
    whole, path = films[".mp4"], desk.folder / "a.mp4"
    path.write_bytes(whole[: len(whole) // 3])
    looks: list[float] = []

    def examine(file: Path, **more: Any) -> Any:
        looks.append(time.monotonic())
        return probe(file, **more)

    number = desk.add(path)
    with desk.examining(Tunables(poll=0.05), examine=examine):
        # As a muxer whose OBS was killed: some more, a pause, and the index.
        eventually(lambda: looks, SECONDS)
        with path.open("ab") as file:
            file.write(whole[len(whole) // 3 : len(whole) // 2])
        threading.Event().wait(5)
        assert desk.state(number) == "checking"
        with path.open("ab") as file:
            file.write(whole[len(whole) // 2 :])
        eventually(lambda: desk.is_over(number), SECONDS)
    assert (desk.state(number), len(desk.told)) == ("finished", 1)
    assert desk.row(number).duration == pytest.approx(2, abs=0.1)


STOP = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
SLEEP = "import time; time.sleep(600)"
KILL = "import os; os.kill(os.getpid(), 9)"
FAIL = "raise SystemExit(1)"


@on_sqlite
@pytest.mark.parametrize("script", [STOP, SLEEP, KILL, FAIL])
def test_a_child_that_fails_says_nothing_about_the_file(
    desk: Desk, film: Path, script: str
) -> None:
    number = desk.add(film)
    slow = Tunables(poll=0.05, wall=1.0)
    with desk.examining(slow, examine=partial(probe, command=(sys.executable, "-c", script))):
        eventually(lambda: desk.is_postponed(number), SECONDS)
        for failed in (2, 3, 4):
            desk.clock.ahead += 600
            eventually(partial(desk.has_failed, number, failed), SECONDS)
        assert desk.state(number) == "checking"
    # After a restart it is tried again when that is due, and not before.
    with desk.examining():
        threading.Event().wait(0.3)
        assert desk.state(number) == "checking"
        desk.clock.ahead += 600
        eventually(lambda: desk.is_over(number), SECONDS)
    assert (desk.state(number), len(desk.told)) == ("finished", 1)


@on_sqlite
def test_no_process_to_be_had_says_nothing_about_the_file(
    desk: Desk, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.add(film)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        with desk.examining():
            eventually(lambda: desk.is_postponed(number), SECONDS)
    assert desk.state(number) == "checking"
    desk.clock.ahead += 600
    with desk.examining():
        eventually(lambda: desk.is_over(number), SECONDS)
    assert desk.state(number) == "finished"


@on_sqlite
def test_a_file_that_crashes_the_child_every_time_is_damaged(desk: Desk, film: Path) -> None:
    number = desk.add(film)
    crash = "import os; os.kill(os.getpid(), 11)"
    with desk.examining(examine=partial(probe, command=(sys.executable, "-c", crash))):
        for failed in (1, 2):
            eventually(partial(desk.has_failed, number, failed), SECONDS)
            assert desk.state(number) == "checking"
            desk.clock.ahead += 600
        eventually(lambda: desk.is_over(number), SECONDS)
    assert "brings down" in reason_of(desk.row(number))


@on_sqlite
def test_a_machine_with_forty_busy_processes_damages_no_recording(desk: Desk, film: Path) -> None:
    numbers = [desk.add(film) for _ in range(4)]
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(40)]
    try:
        with desk.examining(Tunables(wall=30.0)):
            until = time.monotonic() + 20
            eventually(lambda: desk.told or time.monotonic() > until, 120)
            assert {desk.state(number) for number in numbers} <= {"checking", "finished"}
    finally:
        for each in busy:
            each.kill()
            each.wait()
    desk.clock.ahead += 600
    with desk.examining():
        eventually(lambda: all(map(desk.is_over, numbers)), SECONDS)
    assert {desk.state(number) for number in numbers} == {"finished"}


@on_sqlite
def test_a_folder_that_is_not_there_damages_nothing(desk: Desk, film: Path) -> None:
    number = desk.add(film)
    away = desk.folder.rename(desk.folder.with_name("unmounted"))
    with desk.examining():
        threading.Event().wait(3)
        assert (desk.state(number), desk.is_postponed(number)) == ("checking", False)
        away.rename(desk.folder)
        eventually(lambda: desk.is_over(number), SECONDS)
    assert desk.state(number) == "finished"


@on_sqlite
def test_an_empty_folder_in_the_place_of_a_disk_damages_nothing(
    desk: Desk, film: Path, films: dict[str, bytes]
) -> None:
    first = desk.add(film)
    with desk.examining():
        eventually(lambda: desk.is_over(first), SECONDS)
    other = desk.folder / "b.mkv"
    other.write_bytes(films[".mkv"])
    second = desk.add(other)
    away = desk.folder.rename(desk.folder.with_name("unmounted"))
    desk.folder.mkdir()
    with desk.examining():
        threading.Event().wait(3)
        assert desk.state(second) == "checking"
        desk.folder.rmdir()
        away.rename(desk.folder)
        eventually(lambda: desk.is_over(second), SECONDS)
    assert desk.state(second) == "finished"


def test_of_two_processes_one_has_its_say(desk: Desk, film: Path) -> None:
    numbers = [desk.add(film) for _ in range(3)]
    with desk.examining(), desk.examining():
        eventually(lambda: all(map(desk.is_over, numbers)), SECONDS)
    assert sorted(told["recording_id"] for told in desk.told) == numbers


SERVICE = """
import sys, threading
from functools import partial
from control_api.clock import SystemClock
from control_api.database import Database
from control_api.library.probing import probe
from control_api.recordings.examination import Examination
url, script = sys.argv[1:]
tell = lambda *_, **__: None
examine = partial(probe, command=(sys.executable, "-c", script))
Examination(Database(url), tell, SystemClock(), examine=examine).start()
threading.Event().wait()
"""


def test_what_was_being_examined_when_the_service_was_killed_is_examined_again(
    desk: Desk, film: Path, tmp_path: Path
) -> None:
    number, marker = desk.add(film), tmp_path / "child"
    script = f"""import os, signal
with open({str(marker)!r} + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename({str(marker)!r} + ".new", {str(marker)!r})
os.kill(os.getpid(), signal.SIGSTOP)"""
    url = desk.database.url.render_as_string(hide_password=False)
    with process([sys.executable, "-c", SERVICE, url, script]) as service:
        eventually(marker.exists, SECONDS)
        service.send(signal.SIGKILL)
        service.wait()
    os.kill(int(marker.read_text()), signal.SIGKILL)
    assert desk.state(number) == "checking"
    with desk.examining():
        eventually(lambda: desk.is_over(number), SECONDS)
    assert desk.state(number) == "finished"


def test_it_is_examined_again_when_somebody_says_so(
    desk: Desk, film: Path, serve: Callable[..., TestClient]
) -> None:
    whole = film.read_bytes()
    film.write_bytes(b"x" * 1000)
    number = desk.add(film)
    with desk.examining() as examination:
        client = serve({Examination: examination}, Role.OPERATOR)
        eventually(lambda: desk.is_over(number), SECONDS)
        assert desk.state(number) == "damaged"
        film.write_bytes(whole)
        for count in (2, 3):
            answer = client.post(f"/api/recordings/{number}/examine")
            assert answer.status_code == 202
            assert answer.json()["data"] == {"id": number, "state": "checking"}
            eventually(partial(desk.has_told, count), SECONDS)
            assert desk.state(number) == "finished"


def test_it_is_examined_at_once_after_attempts_that_failed(
    desk: Desk, film: Path, serve: Callable[..., TestClient]
) -> None:
    number = desk.add(film)
    with desk.examining(examine=partial(probe, command=(sys.executable, "-c", FAIL))):
        eventually(lambda: desk.is_postponed(number), SECONDS)
    desk.clock.ahead -= 3  # It is not due yet.
    with desk.examining() as examination:
        client = serve({Examination: examination})
        assert client.post(f"/api/recordings/{number}/examine").status_code == 202
        eventually(lambda: desk.is_over(number), SECONDS)
    assert desk.state(number) == "finished"


def test_what_runs_or_is_unknown_is_not_examined(
    desk: Desk, film: Path, serve: Callable[..., TestClient]
) -> None:
    number = desk.add(film, State.RECORDING)
    examination = Examination(desk.database, desk.tell, desk.clock)
    client = serve({Examination: examination})
    assert client.post(f"/api/recordings/{number}/examine").status_code == 409
    assert client.post("/api/recordings/99/examine").status_code == 404
    viewer = serve({Examination: examination}, Role.VIEWER)
    assert viewer.post(f"/api/recordings/{number}/examine").status_code == 403
    assert desk.state(number) == "recording"


def test_what_the_recorder_sends_late_does_not_undo_it(desk: Desk, film: Path) -> None:
    recording = desk.recording(film)
    recording.duration = 99
    with desk.database.begin() as session:
        database_rows.write(session, recording)
    number = recording.row
    assert number is not None
    with desk.examining():
        eventually(lambda: desk.is_over(number), SECONDS)
    with desk.database.begin() as session:
        database_rows.write(session, recording)
    assert desk.state(number) == "finished"
    assert desk.row(number).duration == pytest.approx(2, abs=0.1)
