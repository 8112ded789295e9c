"""What lies among the clips when the service starts, after a crash or a lost database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from control_api.clips.room import Clips
from control_api.clips.store import ClipStore
from control_api.jobs.settling import MOST_ATTEMPTS, Settling
from control_api.jobs.store import JobStore, State
from tests.control_api.clips.conftest import Room

RESULT = {"duration": 4.0, "size": 5, "mode_used": "exact", "verified": True, "reason": ""}


def settle(room: Room) -> None:
    """What the service does first when it starts."""
    kinds = {room.clips.kind.name: room.clips.kind}
    Settling(JobStore(room.house.database), kinds, room.house.clock).recover()


def begun(room: Room, attempts: int) -> tuple[int, Path]:
    """A job whose clip is made and kept; then the service was killed."""
    params = room.params({"video_id": room.ids[0], "start": 2, "end": 6})
    store = JobStore(room.house.database)
    for attempt in range(attempts):
        row = store.claim(1.0, lambda _: 0)
        assert row is not None
        if attempt < attempts - 1:
            store.requeue(row, None, row.attempts)
    output = Path(params["output"])
    output.write_bytes(b"clip!")
    assert room.clips.kind.finish is not None
    room.clips.kind.finish(params, RESULT)
    return room.jobs.all()[0].id, output


@pytest.mark.parametrize(("attempts", "state"), [(1, State.QUEUED), (MOST_ATTEMPTS, State.FAILED)])
def test_killed_between_the_clip_and_the_end_of_its_job(
    room: Room, attempts: int, state: State
) -> None:
    """There is no clip without a job that has made it."""
    id, output = begun(room, attempts)
    clips = ClipStore(room.house.database)
    assert clips.get(output.stem)
    settle(room)
    assert room.jobs.get(id).state == state
    assert clips.get(output.stem) is None
    assert not output.exists()
    assert room.client.get("/api/clips").json()["data"] == []


def test_after_a_lost_database(room: Room, footage: Path) -> None:
    folder = room.folder / "clips"
    folder.mkdir()
    whole, known, half = (f"{letter * 16}.mkv" for letter in "abc")
    shutil.copyfile(footage, folder / whole)
    shutil.copyfile(footage, folder / known)
    room.clip(known.removesuffix(".mkv"))
    (folder / f"{half}.part").write_bytes(b"half")
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
    part = Path(f"{params['output']}.part")
    part.write_bytes(b"half")
    settle(room)
    assert part.exists()


def test_a_longer_clip_may_take_longer(room: Room) -> None:
    clips: Clips = room.clips
    short = room.params({"video_id": room.ids[0], "start": 0, "end": 1})
    long = {**short, "parts": [["a", 0, 3600], ["b", 10, 3610]]}
    assert clips.kind.seconds(short) == 610
    assert clips.kind.seconds(long) == 600 + 72_000
