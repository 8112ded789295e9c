"""Light of HDR on a display that has none: curves against their definitions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from leitstand.media.canvas import Canvas
from leitstand.media.hdr import Light, Mastering
from leitstand.media.look import Colours, Look
from tests.leitstand.cut.footage import in_pq

_PQ, _HLG, _BT2020_10 = 16, 18, 14
_WIDTH = 16


def _mapped(codes: list[float], transfer: int, light: Light | None = None) -> list[float]:
    """The share of full gray that patches with these shares of the code values get."""
    wide = _WIDTH * len(codes)
    look = Look(
        wide,
        16,
        "yuv420p10le",
        colours=Colours(1, 9, transfer, 9),
        light=light or Light(),
    )
    luma = np.repeat([round(64 + 876 * one) for one in codes], _WIDTH).astype(np.uint16)
    planes = np.concatenate([np.tile(luma, 16), np.full(wide * 8, 512, np.uint16)])
    frame = av.VideoFrame.from_ndarray(planes.reshape(24, wide), format="yuv420p10le")
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    (made,) = Canvas.of(look).shown(iter([(look, frame)]))
    assert (made.color_range, made.color_primaries, made.color_trc, made.colorspace) == (1,) * 4
    row = made.to_ndarray()[8, _WIDTH // 2 : wide : _WIDTH].astype(float)
    return [float(one - 16) / 219 for one in row]


def _gamma(light: float) -> float:
    return float((light / 203) ** (1 / 2.4))


def test_pq_stays_as_it_is_where_light_is_low() -> None:
    lights = [0.5, 2.0, 10.0, 40.0, 80.0]
    wanted = [_gamma(one) for one in lights]
    assert _mapped([in_pq(one) for one in lights], _PQ) == pytest.approx(wanted, abs=0.012)


@pytest.mark.parametrize("peak", [300, 600, 1000, 4000])
def test_the_brightest_light_becomes_white(peak: int) -> None:
    lights = [100.0, 203.0, peak * 0.8, float(peak)]
    found = _mapped([in_pq(one) for one in lights], _PQ, Light(content=peak))
    assert found == sorted(found)
    assert found[-1] == pytest.approx(1, abs=0.01)
    assert found[1] > 0.8


def test_the_peak_is_that_of_the_display_if_the_content_does_not_say_it() -> None:
    mastering = Mastering((0,) * 6, (0, 0), brightest=6_000_000, darkest=1)
    codes = [in_pq(one) for one in (203.0, 600.0)]
    same = _mapped(codes, _PQ, Light(content=600))
    assert _mapped(codes, _PQ, Light(mastering)) == same
    assert _mapped(codes, _PQ) != same


def test_what_is_less_bright_than_white_is_not_mapped() -> None:
    lights = [20.0, 100.0, 180.0]
    found = _mapped([in_pq(one) for one in lights], _PQ, Light(content=150))
    assert found == pytest.approx([_gamma(one) for one in lights], abs=0.012)


def test_hlg_is_shown_as_on_a_display_of_1000_candela() -> None:
    # ITU-R BT.2408: 75 % of the signal is a white of 203 cd/m², 38 % a gray of 26 cd/m².
    codes = [0.0, 0.38, 0.75, 1.0]
    found = _mapped(codes, _HLG)
    as_pq = _mapped([in_pq(one) for one in (0.0, 26.0, 203.0, 1000.0)], _PQ)
    assert found == pytest.approx(as_pq, abs=0.012)


def test_wide_colours_without_more_light_keep_their_light() -> None:
    codes = [0.0, 0.25, 0.5, 0.75, 1.0]
    assert _mapped(codes, _BT2020_10) == pytest.approx(codes, abs=0.008)


def test_gray_stays_gray_and_colours_stay_apart() -> None:
    look = Look(16, 16, "gbrp16le", colours=Colours(2, 9, _PQ, 0))
    white = round(65535 * in_pq(203.0))
    frame = av.VideoFrame(16, 16, "gbrp16le")
    # Green, blue, red.
    for plane, value in zip(frame.planes, (0, 0, white), strict=True):
        plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    canvas = replace(Canvas.of(look), pixels="rgb24", colours=Colours(2, 1, 1, 1))
    (made,) = canvas.shown(iter([(look, frame)]))
    red, green, blue = (int(one) for one in made.to_ndarray()[8, 8])
    # BT.2020's red is outside of BT.709: it is the reddest that there is.
    assert red > 245
    assert max(green, blue) < 6
