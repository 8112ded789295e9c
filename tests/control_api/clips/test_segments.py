"""Clips over MediaMTX's segments by the API: as long as ordered, nothing held, nothing silent."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

import pytest

from control_api.clips import work
from control_api.jobs.work import attempt_path
from control_api.library.probing import probe
from tests.control_api.clips.conftest import Room
from tests.control_api.clips.test_timeline import change
from tests.control_api.play.conftest import ffmpeg
from tests.leitstand.cut.media import Recipe, Seen, record, watch

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


def test_a_clip_over_a_recording_that_was_split_has_all_frames(room: Room) -> None:
    """A file begins with audio from before its first key frame, beside the last one's frames."""
    room.house.probe = probe
    folder = room.house.root
    whole = record(folder / "whole.mkv", Recipe(seconds=12, options={"g": "50", "bf": "2"}))
    options = ["-f", "segment", "-segment_time", "4", "-reset_timestamps", "1"]
    ffmpeg("-i", whole, "-map", "0", "-c", "copy", *options, folder / "2026-11-12 20-00-0%d.mkv")
    whole.unlink()
    for number in (2, 1):
        path = folder / f"2026-11-12 20-00-0{number}.mkv"
        path.rename(folder / f"2026-11-12 20-00-0{4 * number}.mkv")
    parts = sorted(folder.glob("2026-11-12*.mkv"))
    for path in parts:
        # Nobody writes them any more.
        os.utime(path, (room.house.clock.time - 3600,) * 2)
    for path in parts:
        change(room, room.known(path), studio="stage")
    order = {"studio": "stage", "start": "2026-11-12T20:00:02", "end": "20:00:10"}
    params = room.params(order)
    work.work(params, lambda *_: None)
    seen = watch(attempt_path(params))
    assert len(seen.numbers) == pytest.approx(8 * 25, abs=5)
    _is_seamless(seen)


def _is_seamless(seen: Seen) -> None:
    numbers = seen.numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    steps = [after - one for one, after in itertools.pairwise(seen.times)]
    assert max(steps) < 0.06
    clicks = [after - one for one, after in itertools.pairwise(seen.clicks[0])]
    assert clicks == pytest.approx([1.0] * len(clicks), abs=0.02)
