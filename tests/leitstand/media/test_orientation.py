"""Display matrices, and what is done to turn a frame upright."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.media.canvas import Canvas
from leitstand.media.look import Look
from leitstand.media.orientation import Orientation
from tests.leitstand.cut.footage import ORIENTATIONS, matrix


def _orientation(name: str) -> Orientation:
    return Orientation.of_matrix(struct.pack("=9i", *matrix(name)))


def _mapped(name: str, pixels: np.ndarray) -> np.ndarray:
    """Every pixel at the place that the matrix says."""
    a, b, c, d = ORIENTATIONS[name]
    height, width = pixels.shape
    places = {
        (a * x + c * y, b * x + d * y): pixels[y, x] for y in range(height) for x in range(width)
    }
    left, top = min(x for x, _ in places), min(y for _, y in places)
    right, bottom = max(x for x, _ in places), max(y for _, y in places)
    return np.array(
        [[places[x, y] for x in range(left, right + 1)] for y in range(top, bottom + 1)]
    )


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_pixels_stand_where_the_matrix_says(name: str) -> None:
    pixels = np.arange(12).reshape(3, 4)
    assert (_orientation(name).upright(pixels) == _mapped(name, pixels)).all()


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_filters_do_the_same(name: str) -> None:
    pixels = np.arange(24 * 16, dtype=np.uint16).reshape(16, 24) % 251
    frame = av.VideoFrame.from_ndarray(pixels.astype(np.uint8), format="gray")
    frame.pts, frame.time_base, frame.color_range = 7, Fraction(1, 25), 2
    orientation = _orientation(name)
    look = Look(24, 16, "gray", orientation=orientation)
    canvas = Canvas.of(look)
    assert (canvas.width, canvas.height) == orientation.size(24, 16)
    (made,) = canvas.shown(iter([(look, frame)]))
    assert (made.pts, made.time_base) == (7, Fraction(1, 25))
    luma = made.to_ndarray()[: canvas.height, : canvas.width].astype(int)
    wanted = 16 + orientation.upright(pixels.astype(int)) * 219 / 255
    assert np.abs(luma - wanted).max() <= 1.5


@given(st.floats(-180, 180), st.booleans())
def test_any_angle_is_taken_as_the_nearest_quarter(degrees: float, is_mirrored: bool) -> None:
    radians = np.radians(degrees)
    cos, sin = (round(float(one) * 65536) for one in (np.cos(radians), np.sin(radians)))
    flip = -1 if is_mirrored else 1
    found = Orientation.of_matrix(
        struct.pack("=9i", flip * cos, sin, 0, flip * -sin, cos, 0, 0, 0, 1 << 30)
    )
    off = abs((degrees + 45) % 90 - 45)
    if off < 44:
        nearest = round(degrees / 90) % 4
        assert found.is_transposed == bool(nearest % 2)
        turned = (found.is_mirrored, found.is_upside_down)
        plain = {0: (False, False), 1: (True, False), 2: (True, True), 3: (False, True)}[nearest]
        assert (turned == plain) != is_mirrored


def test_a_matrix_that_is_cut_off_is_none() -> None:
    assert Orientation.of_matrix(b"").is_plain
    assert Orientation.of_matrix(bytes(8)).is_plain
