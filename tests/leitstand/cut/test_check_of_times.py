"""The check refuses clips in which a time, a frame or some audio is wrong."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from leitstand.cut import CutError, Part, Request, audio, cut, extent, join_sound, mux
from tests.leitstand.cut.media import Recipe, record

_X264 = {"preset": "veryfast", "x264-params": "keyint=50:bframes=2"}
# Frame 99 stays for 4 s.
_TIMES = [n / 25 + 4 * (n > 99) for n in range(200)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checked") / "stands.mkv"
    return record(path, Recipe(options=_X264, frame_times=_TIMES, seconds=12))


def _times(change: Callable[[mux.Times], mux.Times]) -> Callable[[pytest.MonkeyPatch], None]:
    """Breaks when the frames are shown."""

    def breaks(patch: pytest.MonkeyPatch) -> None:
        made = mux.Times.of
        wrong = lambda *given: change(made(*given))  # noqa: E731
        patch.setattr(mux.Times, "of", staticmethod(wrong))

    return breaks


def _later(times: mux.Times) -> mux.Times:
    later = round(Fraction(6, 100) / times.unit)
    return replace(times, ticks=[times.ticks[0], *(one + later for one in times.ticks[1:])])


def _held_for_less(times: mux.Times) -> mux.Times:
    early = [max(place, one - round(1 / times.unit)) for place, one in enumerate(times.ticks)]
    return replace(times, ticks=early)


def _ends_early(times: mux.Times) -> mux.Times:
    return replace(times, end=times.ticks[-1] + 1)


def _audio(
    change: Callable[[audio.Sound, Fraction], audio.Sound | None],
) -> Callable[[pytest.MonkeyPatch], None]:
    """Breaks the packets of audio, given each with its second in the clip."""

    def breaks(patch: pytest.MonkeyPatch) -> None:
        written = mux.sound

        def wrong(sounds: Iterator[audio.Sound], start: Fraction, track: Any) -> Any:
            changed = (change(one, one.time - start) for one in sounds)
            return written((one for one in changed if one is not None), start, track)

        patch.setattr(mux, "sound", wrong)

    return breaks


def _gap(first: float, last: float) -> Callable[[audio.Sound, Fraction], audio.Sound | None]:
    return lambda one, at: None if first <= at < last else one


def _shifted(one: audio.Sound, _: Fraction) -> audio.Sound:
    return replace(one, time=one.time + Fraction(5, 100))


def _start(by: Fraction) -> Callable[[pytest.MonkeyPatch], None]:
    """Breaks what is taken for the range, for all but the check."""

    def breaks(patch: pytest.MonkeyPatch) -> None:
        right = extent.between

        def wrong(media: Any, start: Fraction, end: Fraction, *, frames: bool = True) -> Any:
            return right(media, start + by, end, frames=frames)

        def of_part(part: Part, media: Any) -> Any:
            span = extent.exact(part.start), extent.exact(part.end)
            return wrong(media, media.origin + span[0], media.origin + span[1])

        patch.setattr(importlib.import_module("leitstand.cut.cut"), "extent", of_part)

    return breaks


_WAYS = {
    "frames late": _times(_later),
    "held frame shorter": _times(_held_for_less),
    "audio 50 ms late": _audio(_shifted),
    "audio gone in the middle": _audio(_gap(3.0, 3.3)),
    "audio begins late": _audio(_gap(-1.0, 0.5)),
    "audio ends early": _audio(_gap(5.0, 99.0)),
    "starts with the next frame": _start(Fraction(1, 25)),
    "starts in the middle of the held frame": _start(Fraction(3, 2)),
}


@pytest.mark.parametrize("way", _WAYS)
def test_a_broken_writer_is_found_out(
    way: str, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _WAYS[way](monkeypatch)
    clip = tmp_path / "clip.mp4"
    with pytest.raises(CutError, match="not as it should be"):
        cut(Request([Part(recording, 2.5, 8.9)], clip))
    assert list(tmp_path.iterdir()) == []


def test_an_end_that_comes_early_is_found_out(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _times(_ends_early)(monkeypatch)
    _audio(_gap(1.0, 99.0))(monkeypatch)
    with pytest.raises(CutError, match=r"not as it should be: it is [0-9.]+ s long"):
        cut(Request([Part(recording, 5.0, 7.5)], tmp_path / "clip.mp4"))


def test_audio_that_is_gone_at_a_seam_is_found_out(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = join_sound.mux.sound
    monkeypatch.setattr(
        join_sound.mux,
        "sound",
        lambda sounds, start, track: written(
            (one for one in sounds if not 1.5 <= one.time < 1.9), start, track
        ),
    )
    parts = [Part(recording, 1.0, 2.7), Part(recording, 9.0, 12.5)]
    with pytest.raises(CutError, match="sound of track 0 is missing"):
        cut(Request(parts, tmp_path / "clip.mp4"))
