"""Chapters are in the file, where players look for them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import av
import pytest

from leitstand.cut import Mode, Part, Request, cut
from leitstand.cut.chapters import in_a_row, later
from leitstand.cut.request import Chapter, Tags
from tests.conftest import program
from tests.leitstand.cut.media import Recipe, record

KEYS = {"g": "50", "keyint_min": "50", "sc_threshold": "0"}


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a key frame every 2 s."""
    return record(tmp_path_factory.mktemp("chapters") / "evening.mkv", Recipe(options=KEYS))


def chapters(path: Path) -> list[tuple[float, float, str]]:
    command = [program("ffprobe"), "-v", "error", "-show_chapters", "-of", "json", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [
        (float(one["start_time"]), float(one["end_time"]), one["tags"]["title"])
        for one in told["chapters"]
    ]


def test_each_lasts_until_the_next() -> None:
    marks = [(4.0, "c"), (0.0, "a"), (1.5, "b"), (9.0, "after the end"), (1.5, "b again")]
    assert in_a_row(marks, 6.0) == [
        Chapter(0.0, 1.5, "a"),
        Chapter(1.5, 4.0, "b again"),
        Chapter(4.0, 6.0, "c"),
    ]
    assert in_a_row([], 6.0) == []
    assert in_a_row([(2.0, "b")], 3.0, "A") == [Chapter(0.0, 2.0, "A"), Chapter(2.0, 3.0, "b")]


def test_a_clip_that_begins_earlier_has_them_later() -> None:
    moved = later([Chapter(0, 1, "a"), Chapter(1, 3, "b")], 0.5)
    assert moved == [Chapter(0, 1.5, "a"), Chapter(1.5, 3.5, "b")]


@pytest.mark.parametrize("container", ["mp4", "mkv", "webm"])
def test_parts_that_are_joined_have_theirs(evening: Path, tmp_path: Path, container: str) -> None:
    clip = tmp_path / f"clip.{container}"
    tags = Tags("Märchen", in_a_row([(0, "20:31:10"), (2.5, "Zügabe; =#\\ [")], 5))
    result = cut(Request([Part(evening, 1, 3.5), Part(evening, 6, 8.5)], clip, title=tags))
    assert result.verdict is not None
    assert result.verdict.right
    assert chapters(clip) == [(0, 2.5, "20:31:10"), (2.5, 5, "Zügabe; =#\\ [")]
    with av.open(str(clip)) as made:
        assert made.metadata["title"] == "Märchen"


@pytest.mark.parametrize("mode", [Mode.EXACT, Mode.REENCODE])
def test_one_part_has_them(evening: Path, tmp_path: Path, mode: Mode) -> None:
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(evening, 1, 6)], clip, mode, title=Tags(None, in_a_row([(3, "end")], 5))))
    assert chapters(clip) == [(0, 3, "Start"), (3, 5, "end")]


def test_a_copy_has_them_where_they_were_asked_for(evening: Path, tmp_path: Path) -> None:
    """It begins 1 s early, on the key frame."""
    clip = tmp_path / "clip.mkv"
    tags = Tags("A", in_a_row([(0, "a"), (2, "b")], 3))
    cut(Request([Part(evening, 3, 6)], clip, Mode.COPY, title=tags))
    assert chapters(clip) == [(0, 3, "a"), (3, 4, "b")]


def test_sound_alone_has_them(evening: Path, tmp_path: Path) -> None:
    for name in ("clip.m4a", "clip.mka"):
        tags = Tags("A", in_a_row([(0, "a"), (1, "b")], 2))
        cut(Request([Part(evening, 3, 5)], tmp_path / name, audio_only=True, title=tags))
        assert chapters(tmp_path / name) == [(0, 1, "a"), (1, 2, "b")]
        with av.open(str(tmp_path / name)) as made:
            assert [stream.type for stream in made.streams if stream.type != "data"] == ["audio"]
            assert ("mp4" in made.format.name) == name.endswith("m4a")
