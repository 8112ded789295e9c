"""Loudness in decibels; muted and silent are two things."""

from __future__ import annotations

import pytest

from exporter.sources.obs.audio import Audio, decibels
from exporter.sources.obs.state import Input
from leitstand.clients.obs import Level


def level(input_peak: float, *, muted: bool = False) -> Level:
    shown = 0.0 if muted else input_peak
    return Level(shown, shown, input_peak)


@pytest.mark.parametrize(
    ("multiplier", "db"), [(1, 0), (0.5, -6.02), (0.001, -60), (0, -100), (1e-9, -100), (2, 6.02)]
)
def test_decibels(multiplier: float, db: float) -> None:
    assert decibels(multiplier) == pytest.approx(db, abs=0.01)


def test_muted_and_silent_are_told_apart() -> None:
    levels = {"mic": level(0.5, muted=True), "line": level(0.0)}
    muted, silent = Audio().states({"mic": True, "line": False}, levels, 100)
    assert (muted.muted, muted.last_audible) == (True, 100)
    assert (silent.muted, silent.peak, silent.last_audible) == (False, -100, None)


def test_last_audible_stands_still_in_silence_and_when_not_metered() -> None:
    audio, names = Audio(), {"mic": False}
    assert audio.states(names, {"mic": level(0.1)}, 100)[0].last_audible == 100
    assert audio.states(names, {"mic": level(0.0005)}, 102)[0].last_audible == 100
    assert audio.states(names, {}, 104) == (Input("mic", False, None, 100),)


def test_a_removed_input_is_forgotten() -> None:
    audio = Audio()
    audio.states({"mic": False}, {"mic": level(0.1)}, 100)
    assert audio.states({}, {"mic": level(0.1)}, 102) == ()
    assert audio.states({"mic": False}, {}, 104)[0].last_audible is None
