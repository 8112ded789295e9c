"""Small pictures for a time bar, over HTTP: which they are, and that they are made once."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.control_api.frames.conftest import GOP, PLAIN, Room, gray
from tests.leitstand.cut.media import number_of

LONG = replace(PLAIN, seconds=10)


def numbers(room: Room, id: str, count: int, width: int = 160) -> list[int]:
    answer = room.client().get(f"/api/videos/{id}/strip?count={count}&width={width}")
    assert answer.status_code == 200, answer.text
    told = [int(answer.headers[f"x-strip-{name}"]) for name in ("count", "width", "height")]
    whole = gray(answer.content)
    assert whole.shape == (told[2], told[0] * told[1])
    return [number_of(np.asarray(one)) for one in np.hsplit(whole, told[0])]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts", "a.flv"])
def test_the_key_frames_nearest_to_even_steps(room: Room, name: str) -> None:
    id = room.put(name, replace(LONG, offset=2.0) if name == "a.ts" else LONG)
    # Key frames are 1 s apart; the steps are at 1.25, 3.75, 6.25 and 8.75 s.
    assert numbers(room, id, 4) == [25, 100, 150, 225]
    told = room.client().get(f"/api/videos/{id}/strip.json?count=4").json()["data"]
    assert told["times"] == pytest.approx([1, 4, 6, 9], abs=0.005)
    assert (told["count"], told["width"], told["height"]) == (4, 160, 96)
    assert told["duration"] == pytest.approx(10, abs=0.1)
    assert room.client().get(told["url"]).status_code == 200


def test_more_pictures_than_key_frames(room: Room) -> None:
    id = room.put("a.mkv", replace(PLAIN, options=GOP | {"g": "75"}))
    assert set(numbers(room, id, 100)) == {0, 75}


def test_twenty_small_ones_unless_said_otherwise(room: Room) -> None:
    id = room.put("a.mkv")
    headers = room.client().get(f"/api/videos/{id}/strip").headers
    assert (headers["x-strip-count"], headers["x-strip-width"]) == ("20", "160")
    small = room.client().get(f"/api/videos/{id}/strip?width=80").headers
    assert (small["x-strip-width"], small["x-strip-height"]) == ("80", "48")
    for query in ("count=0", "count=101", "width=8", "width=321", "count=x"):
        assert room.client().get(f"/api/videos/{id}/strip?{query}").status_code == 422


def test_made_once_also_over_a_restart(room: Room) -> None:
    id = room.put("a.mkv")
    first = room.client().get(f"/api/videos/{id}/strip?count=3")
    assert [path.suffix for path in room.cache.iterdir()] == [".strip"]
    room.reader._command = ("false",)
    client = room.client()
    again = client.get(f"/api/videos/{id}/strip?count=3")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    tag = {"If-None-Match": first.headers["etag"]}
    same = client.get(f"/api/videos/{id}/strip?count=3", headers=tag)
    assert (same.status_code, same.content) == (304, b"")
    assert client.get(f"/api/videos/{id}/strip?count=4").status_code == 422


def test_another_file_under_the_same_id_gets_its_own(room: Room) -> None:
    id = room.put("a.mkv")
    before = numbers(room, id, 4)
    path = room.house.root / "a.mkv"
    path.write_bytes(room.shelf(".mkv", LONG).read_bytes())
    assert room.known(path) == id
    assert numbers(room, id, 4) != before


@pytest.mark.parametrize("content", [b"", b"{", b'{"times": [], "width": 1, "height": 1}\nx'])
def test_what_is_broken_in_the_cache_is_made_again(room: Room, content: bytes) -> None:
    id = room.put("a.mkv")
    before = numbers(room, id, 4)
    (kept,) = room.cache.iterdir()
    kept.write_bytes(content)
    assert numbers(room, id, 4) == before


def test_the_longest_unused_go_first(room: Room) -> None:
    id = room.put("a.mkv")
    client = room.client()
    for count in (1, 2, 3):
        client.get(f"/api/videos/{id}/strip?count={count}")
    paths = {path.stem.split("-")[3]: path for path in room.cache.iterdir()}
    for age, count in enumerate("321"):
        then = time.time() - 7200 + age
        os.utime(paths[count], (then, then))
    abandoned = room.cache / "0.part"
    abandoned.write_bytes(b"x")
    os.utime(abandoned, (1, 1))
    # Used now, and so the last to go.
    client.get(f"/api/videos/{id}/strip?count=3")
    room_for = sum(paths[count].stat().st_size for count in "13") * 2
    room.client(most_bytes=room_for - 1)
    most = paths["3"].stat().st_size + 5000
    room.client(most_bytes=most).get(f"/api/videos/{id}/strip?count=4&width=16")
    left = {path.stem.split("-")[3] for path in room.cache.iterdir()}
    assert {"3", "4"} <= left
    assert "2" not in left
    assert not abandoned.exists()


def test_a_folder_that_cannot_be_written_only_keeps_nothing(room: Room, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    id = room.put("a.mkv")
    assert len(numbers(room, id, 4)) == 4
    assert len(numbers(room, id, 4)) == 4


def test_a_recording_that_a_crash_cut_off(room: Room) -> None:
    whole = room.shelf(".mkv", LONG).read_bytes()
    path = room.house.put("a.mkv", whole[: len(whole) * 3 // 4])
    id = room.known(path)
    found = numbers(room, id, 4)
    assert found == sorted(found)
    assert len(set(found)) >= 3
    assert found[-1] > 125
