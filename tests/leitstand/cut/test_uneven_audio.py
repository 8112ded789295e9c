"""Audio is placed by its time stamps: gaps are silent, a clock that drifts is followed."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from leitstand.cut import Mode, Part, Request, cut
from leitstand.cut.audio_row import filled, stretched
from leitstand.cut.verify import verify
from tests.leitstand.cut.media import Recipe, levels, record
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import Recording, watched

_X264 = {"preset": "veryfast", "x264-params": "keyint=60:bframes=2"}
_GAP = (4.0, 7.0)
_DRIFT = Fraction(1005, 1000)
_TRAITS = {"gap": {"gap": _GAP}, "drift": {"clock": _DRIFT}}
_CODECS = ("aac", "pcm_s16le")


class Library:
    """The recordings of this module, each made and watched once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Recording] = {}

    def __call__(self, trait: str, codec: str) -> Recording:
        name = f"{trait}-{codec}.mkv"
        if name not in self._made:
            recipe = Recipe(options=_X264, audio=(codec,), **_TRAITS[trait])
            self._made[name] = watched(record(self._folder / name, recipe))
        return self._made[name]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("uneven"))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("mode", [Mode.EXACT, Mode.REENCODE])
@pytest.mark.parametrize("span", [(2.1, 9.3), (5.0, 8.5), (0.0, 11.5), (4.5, 6.4)])
@pytest.mark.parametrize("codec", _CODECS)
@pytest.mark.parametrize("trait", _TRAITS)
def test_audio_is_where_its_time_stamps_say(
    trait: str,
    codec: str,
    span: tuple[float, float],
    mode: Mode,
    suffix: str,
    library: Library,
    tmp_path: Path,
) -> None:
    recording, clip = library(trait, codec), tmp_path / f"clip{suffix}"
    result = cut(Request([Part(recording.path, *span)], clip, mode))
    proves(recording, clip, *span)
    assert result.mode_used is mode
    assert result.verdict is not None
    assert result.verdict.right
    assert verify(recording.path, clip, *span).right


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("codec", _CODECS)
def test_a_gap_is_silent_and_nothing_else_is(
    codec: str, suffix: str, library: Library, tmp_path: Path
) -> None:
    clip = tmp_path / f"clip{suffix}"
    cut(Request([Part(library("gap", codec).path, 2.0, 9.0)], clip))
    found = levels(clip)
    assert max(found[22:48]) < 0.002
    assert min([*found[1:19], *found[52:69]]) > 0.004


@pytest.mark.parametrize("trait", _TRAITS)
def test_browsers_get_packets_without_gaps_and_it_is_reported(
    trait: str, library: Library, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(library(trait, "aac").path, 0.5, 11.5)], clip))
    with av.open(str(clip)) as made:
        packets = [one for one in made.demux(audio=0) if one.size]
    steps = {after.pts - one.pts for one, after in itertools.pairwise(packets)}
    assert steps == {1024}
    assert result.mode_used is Mode.EXACT
    assert [note.code for note in result.notes] == ["audio_encoded"]


def test_even_audio_is_copied_and_nothing_reported(library: Library, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(library("gap", "aac").path, 7.5, 11.5)], clip))
    assert (result.reason, result.notes) == ("", ())


def test_samples_are_stretched_without_a_jump() -> None:
    tone = np.sin(np.arange(1000) / 20)[None, :].astype(np.float32)
    for extra in (-8, 0, 8):
        made = stretched(tone, extra)
        assert made.shape == (1, 1000 + extra)
        assert np.abs(np.diff(made[0])).max() < 0.06


def test_blocks_are_laid_without_gap_or_overlap() -> None:
    class Encoder:
        sample_rate = 100
        layout = type("Layout", (), {"nb_channels": 1})

    ones = np.ones((1, 20), np.float32)
    blocks = [(Fraction(1, 10), ones), (Fraction(2, 10), ones * 2), (Fraction(6, 10), ones * 3)]
    row = np.concatenate(list(filled(blocks, 0, 70, Encoder)), axis=1)[0]
    assert row.tolist() == [0] * 10 + [1] * 20 + [2] * 10 + [0] * 20 + [3] * 10
