"""Clips out of a recording that is still being written: by video, studio, evening, and the last
minutes of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from control_api.clips import work
from control_api.evenings.tables import EveningRow
from control_api.jobs.work import attempt_path
from control_api.library.growing import Growing
from control_api.library.tables import VideoRow
from tests.control_api.clips.conftest import RECIPE, Room
from tests.control_api.library.conftest import BERLIN, NOW
from tests.leitstand.cut.media import Recipe, record, watch
from tests.leitstand.cut.recordings import watched

BEGAN = NOW - 10
_CONTAINERS = {
    "running.mkv": {"cluster_time_limit": "500"},
    "running.mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"},
}


class Stage:
    """A studio that has recorded for 9 of 10 seconds; the rest comes when a test says so."""

    def __init__(self, room: Room, source: Path) -> None:
        self.room = room
        # A busy machine takes longer to look into a file.
        room.house.service._growing = Growing(seconds=120.0)
        self._source = source
        self._content = source.read_bytes()
        self.path = room.house.root / source.name
        self.grow(0.9)
        room.house.scan()
        rows = room.house.rows()
        self.id = rows[source.name].id
        for id in room.ids:
            # Of yesterday.
            self._change(id, studio="stage", start=NOW - 86_400, start_estimated=False)
        self.row = self._change(
            self.id, studio="stage", start=BEGAN, start_estimated=False, evening_id="e" * 16
        )
        with room.house.database.begin() as session:
            evening = {"studio": "stage", "source": "", "title": "", "date": "2026-11-18"}
            session.add(
                EveningRow(id="e" * 16, start=BEGAN, end=BEGAN, is_by_hand=False, **evening)
            )
        found = room.house.service.growing(self.row)
        assert found is not None
        self.newest = found.newest

    def grow(self, share: float) -> None:
        self.path.write_bytes(self._content[: int(len(self._content) * share)])
        os.utime(self.path, (NOW, NOW))

    def clock(self, seconds: float) -> str:
        return datetime.fromtimestamp(BEGAN + seconds, BERLIN).strftime("%H:%M:%S.%f")

    def moved(self, params: dict[str, Any]) -> list[tuple[str, float]]:
        """Which ends were moved, and to which second."""
        return [
            (one["field"], datetime.fromisoformat(one["taken"]).timestamp() - BEGAN)
            for one in params["details"]["moved"]
        ]

    def proves(self, params: dict[str, Any], start: float, end: float) -> None:
        """Cuts the clip while the recording goes on to its end."""
        self.grow(1.0)
        assert work.work(params, lambda *_: None)["verified"]
        wanted = watched(self._source).wanted(start, end)
        assert watch(attempt_path(params)).numbers == wanted
        assert self.path.read_bytes() == self._content

    def _change(self, id: str, **values: Any) -> VideoRow:
        row = self.room.house.store.get(id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)
        self.room.house.store.save(row)
        return row


def parts_of(params: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """The file, start and end of each part."""
    return [(one["path"], one["start"], one["end"]) for one in params["request"]["parts"]]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("running")
    for name, container in _CONTAINERS.items():
        recipe = Recipe(options=RECIPE.options, seconds=RECIPE.seconds, container=container)
        record(folder / name, recipe)
    return folder


@pytest.fixture
def stage(room: Room, running: Path) -> Stage:
    return Stage(room, running / "running.mkv")


def test_a_range_that_lies_in_what_exists(stage: Stage) -> None:
    params = stage.room.params({"video_id": stage.id, "start": 2, "end": 6})
    assert parts_of(params) == [(str(stage.path), 2, 6)]
    size = stage.room.house.service.growing(stage.row).size  # type: ignore[union-attr]
    assert params["request"]["parts"][0]["size"] == size
    assert (params["details"]["gaps"], params["details"]["moved"]) == ([], [])
    stage.proves(params, 2, 6)


@pytest.mark.parametrize("by", ["video_id", "studio", "evening_id"])
def test_an_end_after_the_newest_second_moves_to_it(stage: Stage, by: str) -> None:
    whose = {"video_id": stage.id, "studio": "stage", "evening_id": "e" * 16}[by]
    body = {by: whose, "start": stage.clock(3), "end": stage.clock(600)}
    params = stage.room.params(body)
    ((_, start, end),) = parts_of(params)
    assert (start, end) == (pytest.approx(3, abs=1e-5), pytest.approx(stage.newest, abs=1e-5))
    assert stage.moved(params) == [("end", pytest.approx(stage.newest, abs=1e-3))]
    (gap,) = params["details"]["gaps"]
    assert gap["code"] == "not_written"
    status, said = stage.room.refused({**body, "gaps": "refuse"})
    assert (status, "has not got to the disk so far yet" in said) == (422, True)


@pytest.mark.parametrize("by", ["video_id", "studio", "evening_id"])
def test_the_last_seconds(stage: Stage, by: str) -> None:
    whose = {"video_id": stage.id, "studio": "stage", "evening_id": "e" * 16}[by]
    params = stage.room.params({by: whose, "last": 4})
    ((_, start, end),) = parts_of(params)
    assert end == pytest.approx(stage.newest, abs=1e-5)
    assert end - start == pytest.approx(4, abs=1e-5)
    if by == "studio":
        stage.proves(params, start, end)


def test_more_than_there_is_of_a_studio_begins_with_the_recording(stage: Stage) -> None:
    params = stage.room.params({"studio": "stage", "last": 720})
    ((_, start, end),) = parts_of(params)
    assert (start, end) == (0, pytest.approx(stage.newest, abs=1e-5))
    assert stage.moved(params) == [("start", 0)]


def test_what_is_not_on_the_disk_yet(stage: Stage) -> None:
    """And it is not taken from an earlier evening at the same time of day."""
    start, end = stage.clock(9.99), stage.clock(30)
    status, said = stage.room.refused({"studio": "stage", "start": start, "end": end})
    assert (status, "nothing is in a recording of this studio" in said) == (422, True)
    status, said = stage.room.refused({"video_id": stage.id, "start": 9.99, "end": 30})
    assert (status, said.startswith("start: ")) == (422, True)
    assert "is not on the disk yet; the newest second that can be read is" in said


def test_a_format_that_cannot_be_read_before_its_end(room: Room, running: Path) -> None:
    path = room.house.root / "plain.mp4"
    path.write_bytes(record(running / "plain.mp4", RECIPE).read_bytes()[:-20_000])
    os.utime(path, (NOW, NOW))
    room.house.scan()
    row = room.house.rows()["plain.mp4"]
    row.studio, row.start, row.start_estimated = "stage", NOW - 10, False
    room.house.store.save(row)
    for body in (
        {"video_id": row.id, "start": 0, "end": 2},
        {"studio": "stage", "last": 60},
    ):
        answer = room.client.post("/api/clips", json=body)
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] == "index_at_the_end"
        assert "hybrid MP4 or fragmented MP4" in answer.json()["detail"]


def test_last_stands_alone(stage: Stage) -> None:
    body = {"studio": "stage", "last": 60, "start": "20:00", "end": "20:01"}
    status, said = stage.room.refused(body)
    assert (status, said[:6]) == (422, "last: ")


def test_the_last_seconds_of_a_studio_that_does_not_record(room: Room) -> None:
    for id in room.ids:
        row = room.house.store.get(id)
        assert row is not None
        row.studio, row.start, row.start_estimated = "stage", NOW - 86_400, False
        room.house.store.save(row)
    status, said = room.refused({"studio": "stage", "last": 60})
    assert (status, "nothing of this studio is being recorded" in said) == (409, True)


def test_fragmented_mp4(room: Room, running: Path) -> None:
    stage = Stage(room, running / "running.mp4")
    params = stage.room.params({"studio": "stage", "last": 5})
    ((_, start, end),) = parts_of(params)
    stage.proves(params, start, end)
