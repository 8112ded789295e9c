"""Frames on a canvas: range, place and time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.media.canvas import Canvas, even
from leitstand.media.look import Colours, Look

_SIZES = st.integers(16, 600)


def _frame(pixels: str, luma: int, number: int = 0, size: tuple[int, int] = (32, 32)) -> Any:
    frame = av.VideoFrame(*size, pixels)
    for place, plane in enumerate(frame.planes):
        plane.update(bytes([128 if place else luma]) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def _luma(frame: Any) -> int:
    return int(frame.to_ndarray()[frame.height // 2, frame.width // 2])


@pytest.mark.parametrize(("luma", "wanted"), [(0, 16), (126, 124), (255, 235)])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "gray"])
def test_the_full_range_becomes_the_limited_one(pixels: str, luma: int, wanted: int) -> None:
    look = Look(32, 32, pixels, colours=Colours(2))
    (made,) = Canvas.of(look).shown(iter([(look, _frame(pixels, luma))]))
    assert _luma(made) == pytest.approx(wanted, abs=1)
    assert made.color_range == 1


def test_the_limited_range_stays() -> None:
    look = Look(32, 32, "yuv420p", colours=Colours(1))
    (made,) = Canvas.of(look).shown(iter([(look, _frame("yuv420p", 200))]))
    assert _luma(made) == 200


def test_the_pixel_format_of_jpeg_is_the_full_range() -> None:
    frame = _frame("yuvj420p", 0)
    frame.color_range = 0
    assert Look.of_frame(frame).colours.is_full_range
    assert not Look.of_frame(_frame("yuv420p", 0)).colours.is_full_range


@pytest.mark.parametrize("is_interlaced", [False, True])
def test_every_frame_keeps_its_time(is_interlaced: bool) -> None:
    small = Look(32, 32, "yuv420p", is_interlaced=is_interlaced)
    large = replace(small, width=64, height=48)
    times = [3, 4, 9, 100, 101, 250, 251]
    looks = [small] * 4 + [large] * 2 + [small]
    frames = [
        (look, _frame("yuv420p", 40 + number, at, (look.width, look.height)))
        for number, (look, at) in enumerate(zip(looks, times, strict=True))
    ]
    made = list(Canvas.of(small).shown(iter(frames)))
    assert [one.pts for one in made] == times
    assert {one.time_base for one in made} == {Fraction(1, 25)}
    assert {(one.width, one.height) for one in made} == {(32, 32)}
    assert [_luma(one) for one in made] == pytest.approx(range(40, 47), abs=1)


@given(_SIZES, _SIZES, _SIZES, _SIZES, st.fractions(Fraction(1, 3), 3, max_denominator=16))
def test_a_frame_keeps_its_shape_inside_the_canvas(
    width: int, height: int, wide: int, high: int, aspect: Fraction
) -> None:
    look, canvas = Look(width, height, "yuv420p", aspect), Canvas(wide, high)
    left, top, across, down = canvas.box(look)
    assert min(left, top) >= 0
    assert left + across <= wide
    assert top + down <= high
    assert across == wide or down == high
    # Rounded to even numbers, on one axis or the other.
    assert min(abs(across - look.shape * down), abs(down - across / look.shape)) <= 2
    assert left % 2 == top % 2 == 0
    assert abs(wide - across - 2 * left) <= 3
    assert abs(high - down - 2 * top) <= 3


@given(_SIZES, _SIZES)
def test_a_frame_fills_a_canvas_of_its_own_look(width: int, height: int) -> None:
    look = Look(width, height, "yuv420p")
    assert Canvas.of(look).box(look) == (0, 0, width, height)
    own = Canvas.of(look, even((width, height)))
    assert own.box(look) == (0, 0, own.width, own.height)
