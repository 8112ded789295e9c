"""Videos whose end is damaged, over HTTP: what exists of them is listed, shown, played and cut."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from control_api.frames.reading import Reader
from control_api.frames.service import FrameService
from control_api.frames.store import StripStore
from leitstand.cut import Part, Request, cut
from tests.control_api.frames.conftest import gray
from tests.control_api.play.conftest import Room
from tests.leitstand.cut.media import number_of, watch
from tests.leitstand.media.damage import FAST, FRAGMENTS, absurd, cut_off, recorded

DAMAGED: dict[str, Callable[[Path, Path], object]] = {
    "cut-fast.mp4": lambda made, path: cut_off(recorded(made / "a.mp4", container=FAST), path),
    "cut.flv": lambda made, path: cut_off(recorded(made / "a.flv"), path),
    "cut.mkv": lambda made, path: cut_off(recorded(made / "a.mkv"), path),
    "absurd.mp4": lambda made, path: absurd(recorded(made / "a.mp4"), path, FRAGMENTS),
    "absurd-fast.mp4": lambda made, path: absurd(recorded(made / "a.mp4"), path, FAST),
    "absurd-silent.mp4": lambda made, path: absurd(
        recorded(made / "a.mp4", audio=()), path, FRAGMENTS
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_exists_of_it_plays(room: Room, tmp_path: Path, name: str) -> None:
    path = room.house.put(name)
    DAMAGED[name](tmp_path, path)
    id = room.known(path)
    video = room.client().get(f"/api/videos/{id}").json()["data"]
    seconds, is_whole = video["duration"], "absurd" in name
    assert (video["state"], video["reason_code"]) == ("ready", "damaged_end")
    assert video["reason_params"]["seconds"] == pytest.approx(seconds, abs=0.001)
    assert video["reason"].startswith("its end is damaged: ")
    assert 5.9 < seconds < 6.1 if is_whole else 3 < seconds < 4.5
    # The last frames may wait for one that is missing.
    times, last = begins(path), int(seconds * 25) - 8
    assert shown(room, id, times[last] + 0.02) == last
    how = room.how(id)["how"]
    assert how == "virtual", how
    numbers = watch(room.played(id, tmp_path / "played.mp4")).numbers
    assert numbers[:last] == list(range(last))
    start, end = times[25], times[last - 5]
    result = cut(Request([Part(path, start, end)], tmp_path / "clip.mp4"))
    assert result.seconds == pytest.approx(end - start, abs=0.05)
    assert watch(tmp_path / "clip.mp4").numbers == list(range(25, last - 5))


def begins(path: Path) -> list[float]:
    """When each frame begins, in seconds from the start, up to the damage."""
    times = []
    with av.open(str(path)) as movie, contextlib.suppress(av.FFmpegError):
        origin = (movie.start_time or 0) / 1e6
        for frame in movie.decode(video=0):
            assert frame.pts is not None
            times.append(float(frame.pts * frame.time_base) - origin)
    return times


def shown(room: Room, id: str, at: float) -> int:
    frames = FrameService(room.house.service, Reader(), StripStore(room.cache, 10**9))
    answer = room.serve({FrameService: frames}).get(
        f"/api/videos/{id}/frame", params={"at": f"{at:.3f}"}
    )
    assert answer.status_code == 200, answer.text
    return number_of(gray(answer.content))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.flv", "a.3gp", "a.wmv", "a.mpg", "a.vob"])
def test_an_empty_file_is_damaged_and_says_so_everywhere(room: Room, name: str) -> None:
    id = room.known(room.house.put(name, b""))
    video: dict[str, Any] = room.client().get(f"/api/videos/{id}").json()["data"]
    assert (video["state"], video["reason_code"]) == ("damaged", "empty_file")
    assert video["reason"] == "the file is empty"
    frames = FrameService(room.house.service, Reader(), StripStore(room.cache, 10**9))
    answers = (
        room.serve({FrameService: frames}).get(f"/api/videos/{id}/frame?at=0"),
        room.client().get(f"/api/videos/{id}/play"),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()["detail"]) == (422, "the file: it is empty")
