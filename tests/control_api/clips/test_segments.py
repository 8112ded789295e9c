"""Clips over MediaMTX's segments by the API: as long as ordered, nothing held, nothing silent."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from control_api.clips import work
from control_api.jobs.work import attempt_path
from control_api.library.probing import probe
from tests.control_api.clips.conftest import Room
from tests.control_api.clips.test_timeline import change
from tests.leitstand.cut.media import Seen, watch

MEDIAMTX = Path(__file__).parents[2] / "leitstand" / "cut" / "mediamtx"
FIRST = {"mp4": "2026-11-30T06:26:39.3", "ts": "2026-11-30T06:27:02.6"}


@pytest.fixture
def camera(room: Room) -> Room:
    """A library with the segments of one camera, as the scanner finds them."""
    room.house.probe = probe
    for path in MEDIAMTX.iterdir():
        shutil.copyfile(path, room.house.root / path.name)
    ids = {path.name: room.known(room.house.root / path.name) for path in MEDIAMTX.iterdir()}
    for id in ids.values():
        change(room, id, studio="stage")
    return room


@pytest.mark.parametrize("kind", ["mp4", "ts"])
@pytest.mark.parametrize(("late", "length"), [(1.0, 11.0), (0.1, 15.0), (2.345, 7.655)])
def test_a_clip_over_segments_is_as_long_as_ordered(
    camera: Room, kind: str, late: float, length: float
) -> None:
    first = float(FIRST[kind][-4:]) + late
    start = f"{FIRST[kind][:-4]}{first:06.3f}"
    minute, second = divmod(first + length, 60)
    end = f"06:{int(FIRST[kind][14:16]) + int(minute)}:{second:06.3f}"
    params = camera.params({"studio": "stage", "start": start, "end": end})
    result = work.work(params, lambda *_: None)
    assert result["duration"] == pytest.approx(length, abs=0.001)
    assert (result["mode_used"], result["verified"], result["reason"]) == ("exact", True, "")
    _is_seamless(watch(attempt_path(params)))


def _is_seamless(seen: Seen) -> None:
    numbers = seen.numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    steps = [after - one for one, after in itertools.pairwise(seen.times)]
    assert max(steps) < 0.06
    clicks = [after - one for one, after in itertools.pairwise(seen.clicks[0])]
    assert clicks == pytest.approx([1.0] * len(clicks), abs=0.02)
