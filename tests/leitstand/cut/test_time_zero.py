"""A clip's time 0 is the requested start, at every frame rate and where a track has nothing."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest

from leitstand.cut import CutError, Mode, Part, Request, cut
from leitstand.cut.verify import verify
from tests.leitstand.cut.media import Recipe, record, watch
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import Recording, watched
from tests.soak import is_soak

_X264 = {"preset": "veryfast", "x264-params": "keyint=60:bframes=2"}


def _steady(first: float, count: int, rate: float = 25) -> list[float]:
    return [first + place / rate for place in range(count)]


# Frame 99 stays for 8 s.
_STANDS = _steady(0, 100) + _steady(12, 100)
_RECIPES = {
    "stands": Recipe(options=_X264, frame_times=_STANDS, seconds=16),
    "late": Recipe(options=_X264, frame_times=_steady(3.3, 180), seconds=10),
    "short": Recipe(options=_X264, frame_times=_steady(0, 100), seconds=12),
    "slow": Recipe(options=_X264, rate=Fraction(1), seconds=14),
}
_PLACES = {
    "stands": [(6.0, 14.5), (5.5, 11.0), (2.0, 6.5), (3.96, 13.0), (11.9, 12.3), (1.013, 3.027)],
    "late": [(0.0, 6.0), (2.9, 3.4), (0.5, 9.5), (3.3, 7.0), (3.313, 7.012)],
    "short": [(2.0, 11.0), (3.97, 5.5), (6.0, 11.5), (0.0, 11.9)],
    "slow": [(2.5, 6.3), (3.0, 5.0), (4.1, 4.9), (0.7, 11.6)],
}
_CASES = [(name, *place) for name, places in _PLACES.items() for place in places]


class Library:
    """The recordings of this module, each made and watched once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Recording] = {}

    def __call__(self, name: str) -> Recording:
        if name not in self._made:
            path = record(self._folder / name, _RECIPES[name.rpartition(".")[0]])
            self._made[name] = watched(path)
        return self._made[name]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("time-zero"))


def _cut_and_proved(recording: Recording, clip: Path, start: float, end: float) -> None:
    result = cut(Request([Part(recording.path, start, end)], clip))
    proves(recording, clip, start, end)
    assert result.seconds == pytest.approx(end - start, abs=1e-6)
    assert result.verdict is not None
    assert result.verdict.right
    assert "check" not in result.reason


@pytest.mark.parametrize(("name", "start", "end"), _CASES)
def test_all_that_was_requested(
    name: str, start: float, end: float, library: Library, tmp_path: Path
) -> None:
    kinds = [("mkv", "mp4"), ("mp4", "mp4"), ("mkv", "mkv"), ("ts", "mp4")]
    for source, clip in kinds if is_soak() else [random.Random(f"{name}{start}").choice(kinds)]:
        _cut_and_proved(library(f"{name}.{source}"), tmp_path / f"clip.{clip}", start, end)


@pytest.mark.parametrize("seed", range(40 if is_soak() else 2))
@pytest.mark.parametrize("name", _RECIPES)
def test_random_ranges(name: str, seed: int, library: Library, tmp_path: Path) -> None:
    chance = random.Random(f"{name}{seed}")
    recording = library(f"{name}.mkv")
    start = round(chance.uniform(0, recording.until - 0.5), 6)
    end = round(min(recording.until - 0.01, start + chance.choice([0.3, 2, 9])), 6)
    _cut_and_proved(recording, tmp_path / "clip.mp4", start, end)


@pytest.mark.parametrize("mode", [Mode.EXACT, Mode.REENCODE])
def test_the_frame_that_stands_is_shown_from_the_start(
    mode: Mode, library: Library, tmp_path: Path
) -> None:
    recording, clip = library("stands.mkv"), tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 6.0, 14.5)], clip, mode))
    seen = watch(clip)
    assert seen.numbers[:2] == [99, 100]
    assert seen.times[:2] == pytest.approx([0.0, 6.0], abs=0.001)


def test_audio_alone_where_no_frame_is_shown_yet(library: Library, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(library("late.mkv").path, 0.5, 2.5)], clip))
    assert (result.pictures, watch(clip).numbers) == (0, [])
    assert watch(clip).clicks[0] == pytest.approx([0.5, 1.5], abs=0.02)


@pytest.mark.parametrize(("start", "end"), [(14.5, 15.0), (3.0, 13.5)])
def test_after_the_end_of_all_tracks_there_is_nothing(
    start: float, end: float, library: Library, tmp_path: Path
) -> None:
    with pytest.raises(CutError, match="recorded from|ends 11.9"):
        cut(Request([Part(library("short.mkv").path, start, end)], tmp_path / "clip.mp4"))


@pytest.mark.parametrize(
    ("start", "end"), [(6.5, 14.5), (6.0, 14.4), (5.0, 13.5), (6.0, 14.9), (12.0, 14.5)]
)
def test_another_range_is_found_wrong(
    start: float, end: float, library: Library, tmp_path: Path
) -> None:
    recording, clip = library("stands.mkv"), tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 6.0, 14.5)], clip))
    assert verify(recording.path, clip, 6.0, 14.5).right
    assert not verify(recording.path, clip, start, end).right
