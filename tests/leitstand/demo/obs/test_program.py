"""What goes to air follows scenes, faders and mutes; stamps can be read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.demo.obs import Fault, Stamp, read_stamp
from leitstand.demo.obs.clock import Clock
from leitstand.demo.obs.picture import Picture
from leitstand.demo.obs.program import Program
from leitstand.demo.obs.sound import CLICK_PEAK, RATE, TONE_PEAK
from leitstand.demo.obs.stage import Stage

FPS = 30


@pytest.fixture
def program() -> Program:
    return Program(Clock(FPS), Stage.standard(), set(), (320, 180))


def loudness(program: Program, index: int = 1) -> float:
    return float(np.abs(program.sound(index)).max())


def test_a_click_on_the_second_and_a_tone_between(program: Program) -> None:
    assert loudness(program, FPS) == pytest.approx(CLICK_PEAK)
    assert loudness(program, FPS + 1) == pytest.approx(TONE_PEAK, rel=0.01)


def test_the_fader_counts(program: Program) -> None:
    program.stage.inputs["Tone"].volume = 0.5
    assert loudness(program) == pytest.approx(TONE_PEAK / 2, rel=0.01)


def test_what_is_muted_off_stage_or_broken_is_silent(program: Program) -> None:
    tone = program.stage.inputs["Tone"]
    tone.muted = True
    assert loudness(program) == 0
    tone.muted = False
    program.faults.add(Fault.SILENT)
    assert loudness(program) == 0
    program.faults.clear()
    program.stage.active.clear()
    assert loudness(program) == 0


@given(fps=st.integers(1, 60), first=st.integers(0, 10**7))
def test_the_sound_of_the_frames_joins_without_a_gap(fps: int, first: int) -> None:
    program = Program(Clock(fps), Stage.standard(), set(), (64, 40))
    samples = sum(program.sound(index).shape[1] for index in range(first, first + fps))
    assert samples == RATE


@given(
    frame=st.integers(0, 2**32 - 1),
    second=st.integers(0, 2**31 - 1),
    size=st.sampled_from([(64, 40), (320, 180), (640, 360), (1920, 1080)]),
)
def test_a_stamp_can_be_read_back(frame: int, second: int, size: tuple[int, int]) -> None:
    picture = Picture(size).draw(frame, second, "Main")
    assert read_stamp(picture[: size[1]]) == Stamp(frame, second)


def test_frames_lie_on_whole_seconds_of_the_wall_clock() -> None:
    clock = Clock(FPS)
    assert clock.wall(0).is_integer()
    assert clock.wall(7 * FPS) == clock.wall(0) + 7
