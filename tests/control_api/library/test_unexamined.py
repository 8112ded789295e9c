"""A video that could not be examined is not damaged: it is examined again, ever less often."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import alembic.command
import alembic.config
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from control_api.database import Database
from control_api.library.attempts import Attempts
from control_api.library.probing import NotExamined, Probe, probe
from control_api.library.reasons import FileCode, FileReason
from control_api.library.service import LibraryService
from control_api.library.worker import ScanWorker
from control_api.migrations.migrate import migrate
from tests.control_api.library.conftest import NOW, House
from tests.running import eventually

UNREADABLE = FileReason(FileCode.UNREADABLE, {"detail": "InvalidDataError"})


def failing(house: House, why: str = "it took too long", *, is_crash: bool = False) -> None:
    def fail(_: Path) -> Probe:
        raise NotExamined(why, is_crash=is_crash)

    house.probe = fail


def test_it_is_tried_again_less_and_less_often_and_that_survives_a_restart(house: House) -> None:
    failing(house)
    house.put("2026-11-22 20-31-10.mkv")
    tally = house.scan()
    row = house.one()
    assert (row.state, row.reason) == ("unexamined", "not examined yet: it took too long")
    assert (tally.failed, row.start is not None) == (1, True)
    waits = []
    for _ in range(9):
        house = house.restart()
        house.scan()
        assert len(house.probed) == 0, "it was not due yet"
        due = Attempts.from_stored(house.one().examination).next_at
        waits.append(due - house.clock.time)
        house.clock.time = due
        house.scan()
        assert len(house.probed) == 1
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    house.probe = lambda _: Probe(2.0)
    house.clock.time += 600
    house.scan()
    row = house.one()
    assert (row.state, row.reason, row.examination, row.duration) == ("ready", "", None, 2.0)


def test_a_clock_that_is_set_back_does_not_put_it_off(house: House) -> None:
    failing(house)
    house.put("a.mkv")
    house.scan()
    house.clock.time -= 7200
    house.scan()
    assert len(house.probed) == 2


def test_what_is_known_of_an_unchanged_video_stays(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    failing(house)
    house.service.examine(house.one().id)
    house.scan()
    assert (house.one().state, house.one().duration) == ("ready", 2.0)
    house.put("a.mkv", b"another")
    house.clock.time += 10
    house.scan()
    assert (house.one().state, house.one().duration) == ("unexamined", 2.0)


def test_a_file_that_brings_down_what_examines_it_every_time_is_damaged(house: House) -> None:
    failing(house, "it brings down what examines it", is_crash=True)
    house.put("a.mkv")
    for _ in range(3):
        house.scan()
        house.clock.time += 600
    row = house.one()
    assert (row.state, row.reason) == ("damaged", "it brings down what examines it")
    house.scan()
    assert len(house.probed) == 3


def test_it_goes_to_the_trash_and_comes_back_unexamined(house: House) -> None:
    failing(house)
    house.put("a.mkv")
    house.scan()
    house.service.throw(house.one().id)
    (row,) = house.service.trash()
    assert house.service.restore(row.id).state == "unexamined"


def test_a_recording_whose_examination_fails_is_a_video_like_any_other(house: House) -> None:
    path = house.put("a.mkv")
    with house.database.begin() as session:
        session.execute(
            text(
                "INSERT INTO recordings (studio, origin, title, who, state, file, started_at,"
                " seen_at, duration, bytes, anchors, reason, schedule_ids, stop_wanted, extra)"
                " VALUES ('stage', 'manual', '', '', 'checking', :file, :at, :at, 1, 1, '[]', '',"
                " '[]', false, '{}')"
            ),
            {"file": str(path), "at": NOW - 60},
        )
    house.scan()
    assert house.one().state == "writing"
    with house.database.begin() as session:
        extra = json.dumps({"examination": {"failed": 1, "next_at": NOW + 5}})
        session.execute(text("UPDATE recordings SET extra = :extra"), {"extra": extra})
    house.scan()
    assert house.one().state == "ready"


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Callable[[Path], Probe]]:
    """Examines with a child that stops at its first look at the file, as on a machine that has no
    time for it."""
    marker = tmp_path / "stopped"
    script = f"""open({str(marker)!r}, "w").close()
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)"""
    yield partial(probe, command=(sys.executable, "-c", script), wall_seconds=1.0)
    assert marker.exists()


def test_a_stopped_process_damages_no_video(
    house: House, put_movie: Callable[[str], Path], stopped: Callable[[Path], Probe]
) -> None:
    put_movie("a.mkv")
    house.probe = stopped
    house.scan()
    assert house.one().state == "unexamined"
    house.probe = probe
    house.clock.time += 600
    house.scan()
    assert (house.one().state, round(house.one().duration)) == ("ready", 2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_forty_busy_processes_damage_no_video(
    house: House, put_movie: Callable[[str], Path]
) -> None:
    put_movie("a.mkv")
    house.probe = probe
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(40)]
    try:
        house.scan()
    finally:
        for each in busy:
            each.kill()
            each.wait()
    assert {row.state for row in house.rows().values()} <= {"ready", "unexamined"}
    house.clock.time += 600
    house.scan()
    assert {row.state for row in house.rows().values()} == {"ready"}


@pytest.mark.parametrize("state", ["damaged", "unexamined", "ready"])
def test_examined_again_when_somebody_says_so(
    house: House, serve: Callable[..., TestClient], state: str
) -> None:
    house.probe = lambda _: Probe(reason=UNREADABLE if state == "damaged" else None)
    if state == "unexamined":
        failing(house)
    house.put("a.mkv")
    house.scan()
    row = house.one()
    assert row.state == state
    worker = ScanWorker(house.scanner, house.clock, lambda: None)
    client = serve({LibraryService: house.service, ScanWorker: worker})
    house.probe = lambda _: Probe(3.0)
    worker.start()
    try:
        answer = client.post(f"/api/videos/{row.id}/examine")
        assert answer.status_code == 202
        assert answer.json()["data"]["id"] == row.id
        eventually(lambda: house.one().duration == 3.0)
        assert (house.one().state, house.one().examination) == ("ready", None)
    finally:
        worker.stop()


def test_what_is_written_or_in_the_trash_is_not_examined(
    house: House, serve: Callable[..., TestClient]
) -> None:
    house.put("a.mkv", age=1)
    house.scan()
    worker = ScanWorker(house.scanner, house.clock, lambda: None)
    client = serve({LibraryService: house.service, ScanWorker: worker})
    post = client.post
    assert post(f"/api/videos/{house.one().id}/examine").status_code == 409
    house.clock.time += 60
    house.scan()
    id = house.one().id
    house.service.throw(id)
    assert post(f"/api/videos/{id}/examine").status_code == 409
    assert post("/api/videos/0123456789abcdef/examine").status_code == 404


def test_what_an_earlier_version_called_damaged_is_looked_into_again(
    house: House, database: Database
) -> None:
    house.put("a.mkv")
    house.put("b.mkv")
    house.scan()
    with database.begin() as session:
        session.execute(
            text("UPDATE videos SET state = 'damaged', reason = :why WHERE name = 'a.mkv'"),
            {"why": "it could not be examined in 30 s"},
        )
        session.execute(
            text("UPDATE videos SET state = 'damaged', reason = 'x' WHERE name = 'b.mkv'")
        )
    downgraded(database)
    migrate(database)
    house.scan()
    assert {name: row.state for name, row in house.rows().items()} == {
        "a.mkv": "ready",
        "b.mkv": "damaged",
    }


def test_what_earlier_versions_wrote_gets_codes_and_names_of_codecs(
    house: House, database: Database
) -> None:
    reasons = {
        "a.mkv": ("it does not play (InvalidDataError)", "unreadable"),
        "b.mkv": ("it has neither picture nor sound", "no_tracks"),
        "c.mkv": ("not examined yet: it took too long", "not_examined"),
        "d.mkv": ("it brings down what examines it", "crashes_reader"),
        "e.mkv": ("", ""),
    }
    for name in reasons:
        house.put(name)
    house.scan()
    downgraded(database, "0009")
    tracks = '[{"kind": "video", "codec": "libdav1d"}, {"kind": "audio", "codec": "mp3float"}]'
    with database.begin() as session:
        for name, (reason, _) in reasons.items():
            session.execute(
                text("UPDATE videos SET reason = :reason, tracks = :tracks WHERE name = :name"),
                {"reason": reason, "tracks": tracks, "name": name},
            )
    migrate(database)
    rows = house.rows()
    assert {name: (row.reason, row.reason_code) for name, row in rows.items()} == reasons
    assert rows["a.mkv"].reason_params == {"detail": "InvalidDataError"}
    assert rows["c.mkv"].reason_params == {"detail": "it took too long"}
    codecs = {tuple(one["codec"] for one in row.tracks) for row in rows.values()}
    assert codecs == {("av1", "mp3")}


def downgraded(database: Database, revision: str = "0008") -> None:
    """Take the database back, unless said otherwise to before examinations were repeated."""
    with database.engine.connect() as connection:
        settings = alembic.config.Config()
        folder = Path(__file__).parents[3] / "control_api" / "migrations"
        settings.set_main_option("script_location", str(folder))
        settings.attributes["connection"] = connection
        alembic.command.downgrade(settings, revision)
