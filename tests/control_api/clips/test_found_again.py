"""What lies among the clips when the service starts, after a crash or a lost database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from control_api.clips.room import Clips
from control_api.clips.store import ClipStore
from control_api.jobs.settling import MOST_ATTEMPTS, Settling, attempt_params
from control_api.jobs.store import JobStore, State
from control_api.jobs.tables import JobRow
from control_api.jobs.work import attempt_path
from control_api.jobs.worker import Ending
from tests.control_api.clips.conftest import Room

RESULT = {"duration": 4.0, "size": 5, "mode_used": "exact", "verified": True, "reason": ""}
GONE = "another process"


def settling(room: Room) -> Settling:
    kinds = {room.clips.kind.name: room.clips.kind}
    return Settling(JobStore(room.house.database), kinds, room.house.clock)


def settle(room: Room) -> None:
    """What the service does first when it starts, after its predecessor was killed."""
    for job in JobStore(room.house.database).running()[0]:
        settling(room).take_back(job, is_dead=True)
    settling(room).tidy()


def begun(room: Room, attempts: int = 1) -> JobRow:
    """A job whose clip is made, at this attempt, and not published yet."""
    room.params({"video_id": room.ids[0], "start": 2, "end": 6})
    return made(room, attempts)


def made(room: Room, attempts: int = 1) -> JobRow:
    store = JobStore(room.house.database)
    for attempt in range(attempts):
        row = store.claim(GONE, 1.0, lambda _: 0)
        assert row is not None
        if attempt < attempts - 1:
            settling(room).take_back(row, is_dead=False)
    attempt_path(attempt_params(row)).write_bytes(f"clip {row.attempt_number}".encode())
    return row


@pytest.mark.parametrize(("attempts", "state"), [(1, State.QUEUED), (MOST_ATTEMPTS, State.FAILED)])
def test_killed_between_the_clip_and_the_end_of_its_job(
    room: Room, attempts: int, state: State
) -> None:
    """There is no clip without a job that has made it."""
    job = begun(room, attempts)
    output = Path(job.params["output"])
    finish = room.clips.kind.finish
    assert finish is not None
    with room.house.database.begin() as session:
        finish(attempt_params(job), RESULT, session)
        session.rollback()
    assert output.exists()
    settle(room)
    assert room.jobs.get(job.id).state == state
    assert ClipStore(room.house.database).get(output.stem) is None
    assert [*output.parent.iterdir()] == []
    assert room.client.get("/api/clips").json()["data"] == []


def test_the_result_of_an_attempt_that_was_taken_away_is_not_used(room: Room) -> None:
    late = begun(room)
    output = Path(late.params["output"])
    settling(room).take_back(late, is_dead=False)
    second = made(room)
    assert settling(room).settle(second, Ending(RESULT)) is State.SUCCEEDED
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    attempt_path(attempt_params(late)).write_bytes(b"late")
    assert settling(room).settle(late, Ending({**RESULT, "size": 4})) is None
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    assert output.read_bytes() == b"clip 2"
    clip = ClipStore(room.house.database).get(output.stem)
    assert clip is not None
    assert clip.size == RESULT["size"]
    assert room.jobs.get(late.id).attempts == 2


def test_after_a_lost_database(room: Room, footage: Path) -> None:
    folder = room.folder / "clips"
    folder.mkdir()
    whole, known, half = (f"{letter * 16}.mkv" for letter in "abc")
    shutil.copyfile(footage, folder / whole)
    shutil.copyfile(footage, folder / known)
    room.clip(known.removesuffix(".mkv"))
    (folder / f"{half}.part").write_bytes(b"half")
    (folder / f"{'c' * 16}.2.mkv").write_bytes(b"whole, and not published")
    (folder / f"{'c' * 16}.3.mkv.part").write_bytes(b"half")
    (folder / f"{half}.work").mkdir()
    (folder / f"{half}.work" / "film.mkv").write_bytes(b"half")
    (folder / "dddddddddddddddd.mp4").write_bytes(b"no clip")
    (folder / "eeeeeeeeeeeeeeee.mkv").symlink_to(footage)
    (folder / "holiday.mkv").write_bytes(b"of somebody")
    settle(room)
    left = {path.name for path in folder.iterdir()}
    others = {"dddddddddddddddd.mp4", "eeeeeeeeeeeeeeee.mkv", "holiday.mkv"}
    assert left == {whole, known, *others}
    told = {clip["id"]: clip for clip in room.client.get("/api/clips").json()["data"]}
    assert set(told) == {"a" * 16, "b" * 16}
    again = told["a" * 16]
    assert (again["mode_used"], again["verified"]) == ("unknown", False)
    assert again["duration"] == pytest.approx(10, abs=0.1)
    assert again["size"] == footage.stat().st_size
    assert room.client.get(again["download_url"]).content == footage.read_bytes()
    settle(room)
    assert len(room.client.get("/api/clips").json()["data"]) == 2


def test_what_a_queued_job_will_make_is_its_own(room: Room) -> None:
    params = room.params({"video_id": room.ids[0], "start": 2, "end": 6})
    part = Path(f"{attempt_path(params)}.part")
    part.write_bytes(b"half")
    settle(room)
    assert part.exists()
    room.jobs.cancel(room.jobs.all()[0].id)
    settle(room)
    assert not part.exists()


def test_a_longer_clip_may_take_longer(room: Room) -> None:
    clips: Clips = room.clips
    short = room.params({"video_id": room.ids[0], "start": 0, "end": 1})
    parts = [
        {"path": "a", "start": 0, "end": 3600},
        {"path": "b", "start": 10, "end": 3610},
    ]
    long = {**short, "request": {**short["request"], "parts": parts}}
    assert clips.kind.seconds(short) == 610
    assert clips.kind.seconds(long) == 600 + 72_000
