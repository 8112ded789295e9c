"""Videos that are still being written, over HTTP: their newest second, and frames up to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.control_api.frames.conftest import BEGAN, GOP, PLAIN, Room
from tests.control_api.library.conftest import NOW
from tests.leitstand.cut.media import Recipe

LONG = replace(PLAIN, seconds=8, audio=("aac",), options=GOP)
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
GROWING: dict[str, Recipe] = {
    ".mkv": replace(LONG, container={"cluster_time_limit": "500"}),
    ".mp4": replace(LONG, container=FRAGMENTS),
    ".ts": LONG,
    ".flv": LONG,
}
UNIT_SECONDS = 1.3


@pytest.fixture
def grow(room: Room) -> Callable[[str, float], str]:
    """Have a share of a recording on the disk, as of now; answers the id of the video."""

    def put(extension: str, share: float) -> str:
        whole = room.shelf(extension, GROWING.get(extension, LONG)).read_bytes()
        path = room.house.root / f"{BEGAN}{extension}"
        path.write_bytes(whole[: int(len(whole) * share)])
        os.utime(path, (NOW, NOW))
        room.house.scan()
        return room.house.one().id

    return put


def video(room: Room, id: str) -> dict[str, Any]:
    answer = room.client().get(f"/api/videos/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


@pytest.mark.parametrize("extension", GROWING)
def test_frames_up_to_the_newest_second(
    room: Room, grow: Callable[[str, float], str], extension: str
) -> None:
    newest = 0.0
    for share in (0.5, 0.8):
        id = grow(extension, share)
        found = video(room, id)
        assert (found["state"], found["reason_code"]) == ("writing", None)
        assert found["newest"] > newest
        newest = found["newest"]
        assert 8 * share - newest < 2.5
        assert found["newest_time"].startswith(f"2026-11-22T20:31:{10 + int(newest)}")
        number, begins = room.shown(id, f"{newest - 0.3:.3f}")
        assert begins == pytest.approx(number / 25, abs=0.1)
        assert begins <= newest - 0.3 + 0.001
        assert begins > newest - 0.4
        assert room.shown(id, "20:31:11.5")[0] in (35, 36, 37)
        status, said = room.refused(id, f"{newest + 0.5:.3f}")
        assert (status, said.startswith("at: ")) == (422, True)


@pytest.mark.parametrize(
    ("extension", "share", "code"),
    [
        (".mov", 0.7, "index_at_the_end"),
        (".mkv", 0.0, "nothing_written"),
        (".avi", 0.7, "format_not_growing"),
    ],
)
def test_what_cannot_be_read_says_why(
    room: Room, grow: Callable[[str, float], str], extension: str, share: float, code: str
) -> None:
    if extension == ".avi":
        GROWING[extension] = Recipe("mpeg2video", {"g": "12"}, seconds=8, audio=())
    id = grow(extension, share)
    found = video(room, id)
    assert (found["state"], found["newest"], found["reason_code"]) == ("writing", None, code)
    status, said = room.refused(id, 1)
    assert (status, found["reason"] in said) == (409, True)
    if code != "nothing_written":
        assert "set the recording format in OBS to Matroska (mkv)" in found["reason"]


def test_a_process_is_asked_once_for_each_size(
    room: Room, grow: Callable[[str, float], str], tmp_path: Path
) -> None:
    growing = room.house.service._growing
    asked: list[str] = []
    ask = growing._asked
    growing._asked = lambda name, file: (asked.append(name), ask(name, file))[1]  # type: ignore[method-assign,func-returns-value]
    id = grow(".mkv", 0.5)
    assert video(room, id) == video(room, id)
    assert len(asked) == 1
    grow(".mkv", 0.8)
    video(room, id)
    assert len(asked) == 2


def test_the_file_is_only_read(room: Room, grow: Callable[[str, float], str]) -> None:
    id = grow(".mkv", 0.6)
    path = room.house.root / f"{BEGAN}.mkv"
    before = path.read_bytes(), path.stat().st_mtime_ns
    video(room, id)
    room.shown(id, 1)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    path.chmod(0o400)
    assert video(room, id)["newest"] is not None
