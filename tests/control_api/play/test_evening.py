"""An evening in several files is played as one movie: each frame once, the audio with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.evenings.assign import Assigner
from control_api.evenings.service import EveningService
from control_api.evenings.store import EveningStore
from control_api.library.service import LibraryService
from control_api.play.evening import EveningPlay
from control_api.play.reading import Reader
from control_api.play.service import PlayService
from control_api.play.store import PlayStore
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
from tests.control_api.library.conftest import BERLIN, NOW
from tests.control_api.play.conftest import PLAIN, Room, ffmpeg, packets
from tests.leitstand.cut.media import Recipe, record, watch
from tests.running import eventually

LENGTH, PART, FPS = 12, 4, 25
NAMES = ("2026-11-14 23-59-52", "2026-11-14 23-59-56", "2026-11-15 00-00-00")


@dataclass
class Evening:
    """Parts in the library of a room, as those of one evening of a studio."""

    room: Room

    def __post_init__(self) -> None:
        house = self.room.house
        store = EveningStore(house.database)
        self.assigner = Assigner(store, house.store, house.changes, BERLIN)
        library = house.service
        evenings = EveningService(store, Timelines(TimelineStore(house.database)), library)
        plays = PlayStore(self.room.cache)
        service = PlayService(library, self.room.jobs, Reader(), plays)
        provided = {
            EveningPlay: EveningPlay(evenings, service, Reader(), plays),
            LibraryService: library,
        }
        self.client: TestClient = self.room.serve(provided, Role.VIEWER)

    def know(self, *files: Path) -> str:
        """The evening's id."""
        id = ""
        for file in files:
            os.utime(file, (NOW - 3600, NOW - 3600))
        for file in files:
            row = self.room.house.store.get(self.room.known(file))
            assert row is not None
            row.studio = "stage"
            self.room.house.store.save(row)
            self.assigner.assign(row)
            assert row.evening_id is not None
            id = row.evening_id
        return id

    def how(self, id: str) -> dict[str, Any]:
        """When all of it has been looked at, which takes a busy machine more than one answer."""

        def ready() -> dict[str, Any]:
            answer = self.client.get(f"/api/evenings/{id}/play.json")
            assert answer.status_code == 200, answer.text
            data = dict(answer.json()["data"])
            return data if data["ready"] else {}

        return eventually(ready, 60)


@pytest.fixture
def evening(room: Room) -> Evening:
    return Evening(room)


def split(folder: Path, names: Sequence[str], extension: str, recipe: Recipe = PLAIN) -> list[Path]:
    """One recording in several files, as OBS splits it."""
    whole = record(folder.parent / f"whole{extension}", replace(recipe, seconds=LENGTH))
    arguments = ["-f", "segment", "-segment_time", str(PART), "-reset_timestamps", "1"]
    ffmpeg("-i", whole, "-map", "0", "-c", "copy", *arguments, folder.parent / f"p%d{extension}")
    files = [folder / f"{name}{extension}" for name in names]
    for number, file in enumerate(files):
        (folder.parent / f"p{number}{extension}").rename(file)
    return files


@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_parts_are_one_movie_over_midnight(
    evening: Evening, tmp_path: Path, extension: str
) -> None:
    files = split(evening.room.house.root, NAMES, extension)
    how = evening.how(evening.know(*files))
    assert (how["done"], how["total"]) == (3, 3)
    assert how["duration"] == pytest.approx(LENGTH, abs=0.01)
    (movie,) = how["movies"]
    assert [one["start"] for one in movie["pieces"]] == pytest.approx([0, 4, 8], abs=0.01)
    times = [datetime.fromisoformat(one["time"]).timestamp() for one in movie["pieces"]]
    begin = datetime(2026, 11, 14, 23, 59, 52, tzinfo=BERLIN).timestamp()
    assert times == pytest.approx([begin, begin + 4, begin + 8], abs=0.2)
    answer = evening.client.get(movie["url"])
    assert answer.status_code == 200, answer.text
    played = tmp_path / "played.mp4"
    played.write_bytes(answer.content)
    seen = watch(played)
    assert seen.numbers == list(range(LENGTH * FPS))
    shown = sorted(one.shown for one in packets(played, "video"))
    steps = [after - before for before, after in zip(shown, shown[1:], strict=False)]
    assert steps == pytest.approx([1 / FPS] * len(steps), abs=0.002)
    # Of the whole recording, the first click is not heard either.
    (clicks,) = seen.clicks
    assert clicks == pytest.approx(list(range(1, LENGTH)), abs=0.03)
    # What a player asks for at a seek.
    size = len(answer.content)
    for first, last in ((size // 2, size // 2 + 70_000), (size - 10, size - 1), (0, 0)):
        part = evening.client.get(movie["url"], headers={"Range": f"bytes={first}-{last}"})
        assert part.status_code == 206
        assert part.content == answer.content[first : last + 1]
    assert evening.client.head(movie["url"]).headers["Content-Length"] == str(size)


def test_a_part_in_another_form_is_a_movie_of_its_own(evening: Evening, tmp_path: Path) -> None:
    root = evening.room.house.root
    first, second, third = split(root, NAMES, ".mkv")
    third.unlink()
    smaller = replace(PLAIN, size=(320, 192))
    record(third, smaller)
    how = evening.how(evening.know(first, second, third))
    both, other = how["movies"]
    assert [len(one["pieces"]) for one in (both, other)] == [2, 1]
    assert (both["end"], other["start"]) == (pytest.approx(8, abs=0.01), both["end"])
    assert evening.client.get(other["url"]).status_code == 200


def test_what_no_browser_plays_is_a_movie_of_its_own(evening: Evening) -> None:
    root = evening.room.house.root
    first, second, third = split(root, NAMES, ".mkv")
    second.unlink()
    record(second, replace(PLAIN, codec="mpeg2video", options={"g": "25"}))
    how = evening.how(evening.know(first, second, third))
    alone = how["movies"][1]
    assert alone["url"] == f"/api/videos/{alone['video_id']}/play"
    assert [one["video_id"] is None for one in how["movies"]] == [True, False, True]
    assert how["duration"] == pytest.approx(LENGTH, abs=0.1)


def test_a_part_that_has_changed_or_gone_is_told(evening: Evening) -> None:
    files = split(evening.room.house.root, NAMES, ".mkv")
    id = evening.know(*files)
    (movie,) = evening.how(id)["movies"]
    assert evening.client.get(movie["url"].replace("/0", "/9")).status_code == 404
    assert evening.client.get(f"/api/evenings/{id}/play/{'0' * 16}/0").status_code == 404
    with files[1].open("ab") as file:
        file.write(b"more")
    assert evening.client.get(movie["url"]).status_code == 404
    files[1].unlink()
    assert evening.client.get(movie["url"]).status_code == 404
