"""A clip by studio and clock is cut out of one timeline, in which each second is there once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from control_api.clips import work
from control_api.jobs.work import attempt_path
from control_api.library.tables import VideoRow
from tests.control_api.clips.conftest import Room
from tests.control_api.timeline.conftest import video_row
from tests.leitstand.cut.media import watch

ASKED = {"studio": "stage", "start": "2026-11-20T20:00:02", "end": "20:00:08"}


@pytest.fixture
def stage(room: Room) -> Room:
    """Two videos of ten seconds, from 20:00:00 and from 20:00:30."""
    for id in room.ids:
        change(room, id, studio="stage", start_estimated=False)
    return room


def change(room: Room, id: str, **values: Any) -> VideoRow:
    row = room.house.store.get(id)
    assert row is not None
    for name, value in values.items():
        setattr(row, name, value)
    room.house.store.save(row)
    return row


def copy(room: Room, name: str, **values: Any) -> VideoRow:
    """Another file of the same evening, with what the first one shows."""
    first = room.house.store.get(room.ids[0])
    assert first is not None
    path = room.house.root / name
    path.write_bytes((room.house.root / first.name).read_bytes())
    return change(room, room.known(path), studio="stage", **values)


def parts(params: dict[str, Any]) -> list[tuple[str, float, float]]:
    given = params["request"]["parts"]
    return [(Path(part["path"]).name, part["start"], part["end"]) for part in given]


def test_each_second_is_once_in_the_clip_though_two_files_have_it(stage: Room) -> None:
    copy(stage, "2026-11-20 20-00-00.mp4", duration=10.0)
    params = stage.params(ASKED)
    assert parts(params) == [("2026-11-20 20-00-00.mkv", 2, 8)]
    result = work.work(params, lambda *_: None)
    assert result["verified"]
    assert watch(attempt_path(params)).numbers == [*range(50, 200)]


def test_a_damaged_twin_is_no_obstacle(stage: Room) -> None:
    copy(stage, "2026-11-20 20-00-00.mp4", state="damaged", reason="it does not play")
    assert parts(stage.params(ASKED)) == [("2026-11-20 20-00-00.mkv", 2, 8)]


def test_overlapping_recordings_of_one_studio(stage: Room) -> None:
    first = stage.house.store.get(stage.ids[0])
    assert first is not None
    assert first.start is not None
    copy(stage, "other.mkv", start=first.start + 5, start_estimated=False)
    params = stage.params({**ASKED, "end": "20:00:14"})
    assert parts(params) == [
        ("2026-11-20 20-00-00.mkv", 2, 10),
        ("other.mkv", 5, 9),
    ]


def test_older_than_the_newest_500_videos(stage: Room) -> None:
    first = stage.house.store.get(stage.ids[0])
    assert first is not None
    assert first.start is not None
    later = first.start + 1000
    rows = [video_row(f"later-{number}.ts", later + 4 * number, 4.0) for number in range(600)]
    stage.house.store.save(*rows)
    assert parts(stage.params(ASKED)) == [("2026-11-20 20-00-00.mkv", 2, 8)]
    assert parts(stage.params({**ASKED, "start": "20:00:02"}))[0][1:] == (2, 8)


def test_over_a_gap_the_clip_is_shorter_and_its_job_lists_the_gap(stage: Room) -> None:
    answer = stage.client.post("/api/clips", json={**ASKED, "end": "20:00:34"})
    job = answer.json()["data"]
    assert job["details"]["moved"] == []
    (gap,) = job["details"]["gaps"]
    assert gap["start"].startswith("2026-11-20T20:00:10")
    assert gap["end"].startswith("2026-11-20T20:00:30")
    assert (gap["code"], gap["reason"]) == (
        "no_account",
        "nothing was recorded, as far as is known",
    )
    params = stage.jobs.get(job["id"]).params
    assert [(start, end) for _, start, end in parts(params)] == [(2, 10), (0, 4)]
    finish = stage.clips.kind.finish
    assert finish is not None
    again = stage.params({**ASKED, "end": "20:00:34"})
    result = work.work(again, lambda *_: None)
    with stage.house.database.begin() as session:
        told = finish(again, result, session)
    assert (told["gaps"], told["moved"]) == ([gap], [])
    assert told["duration"] == pytest.approx(12, abs=0.05)


def test_start_and_end_in_a_gap_move_into_the_range(stage: Room) -> None:
    body = {"studio": "stage", "start": "2026-11-20T19:59:00", "end": "20:00:20"}
    details = stage.client.post("/api/clips", json=body).json()["data"]["details"]
    moved = [(one["field"], one["asked"][11:19], one["taken"][11:19]) for one in details["moved"]]
    assert moved == [("start", "19:59:00", "20:00:00"), ("end", "20:00:20", "20:00:10")]
    assert len(details["gaps"]) == 2
    assert [(start, end) for _, start, end in parts(stage.params(body))] == [(0, 10)]


def test_a_pause_in_a_video(stage: Room) -> None:
    row = stage.house.store.get(stage.ids[0])
    assert row is not None
    assert row.start is not None
    change(stage, row.id, anchors=[[0, row.start], [4, row.start + 10]])
    body = {"video_id": row.id, "start": "20:00:06", "end": "20:00:14"}
    params = stage.params(body)
    assert parts(params) == [(row.name, 4, 8)]
    assert [gap["code"] for gap in params["details"]["gaps"]] == ["paused"]
    assert [one["field"] for one in params["details"]["moved"]] == ["start"]
    over = stage.params({**body, "start": 2})
    assert parts(over) == [(row.name, 2, 8)]
    assert (over["details"]["moved"], len(over["details"]["gaps"])) == ([], 1)


def test_gaps_may_be_refused(stage: Room) -> None:
    body = {**ASKED, "end": "20:00:34", "gaps": "refuse"}
    status, detail = stage.refused(body)
    assert (status, detail[:74]) == (
        422,
        "gaps: nothing was recorded from 2026-11-20 20:00:10 to 20:00:30 (nothing w",
    )
    ranges = [{"start": ASKED["start"], "end": ASKED["end"]}, {"start": "20:00:02", "end": "20:01"}]
    status, detail = stage.refused({"studio": "stage", "ranges": ranges, "gaps": "refuse"})
    assert detail.startswith("ranges.1.gaps: nothing was recorded from 2026-11-20 20:00:10")
    assert stage.params({**ASKED, "gaps": "refuse"})


def test_where_nothing_was_recorded(stage: Room) -> None:
    status, detail = stage.refused({**ASKED, "start": "2026-11-20T21:00", "end": "22:00"})
    assert status == 422
    assert "nothing is in a recording of this studio" in detail
    status, detail = stage.refused({**ASKED, "studio": "hall"})
    assert (status, detail[:37]) == (422, "start: there is no video of this stud")


def test_where_only_a_damaged_video_is(stage: Room) -> None:
    change(stage, stage.ids[0], state="damaged", reason="it does not play")
    status, detail = stage.refused(ASKED)
    assert status == 409
    assert "is damaged (it does not play)" in detail
