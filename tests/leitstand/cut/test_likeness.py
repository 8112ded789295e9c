"""A picture of a clip is told from those beside it, and which ones are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from leitstand.cut.likeness import ALIKE, places, unlike

if TYPE_CHECKING:
    from leitstand.cut.likeness import Picture

_NOISE = np.random.default_rng(1)


def _scene(number: int) -> Picture:
    """Something small moves in front of a wall."""
    made = np.full((36, 64), 90, np.float32)
    made[10:14, 8 + 2 * number : 12 + 2 * number] = 200
    return made


def _noisy(picture: Picture) -> Picture:
    return picture + _NOISE.normal(0, 1, picture.shape).astype(np.float32)


_SOURCE = {place: _scene(place) for place in range(5)}


@pytest.mark.parametrize(("shown", "said"), [(2, ""), (1, "the one before"), (3, "the one after")])
def test_one_picture_early_or_late_is_found_where_little_moves(shown: int, said: str) -> None:
    ours = _noisy(_SOURCE[shown])
    assert np.abs(ours - _SOURCE[2]).mean() < ALIKE
    fault = unlike(ours, _SOURCE, 2)
    assert said in fault
    assert bool(fault) == bool(said)


def test_pictures_that_differ_by_noise_alone_are_the_same() -> None:
    source = {place: _noisy(_scene(0)) for place in range(3)}
    assert unlike(source[0], source, 1) == ""


def test_another_picture_is_found() -> None:
    assert "differs" in unlike(_SOURCE[2] + 20, _SOURCE, 2)


def test_both_ends_and_seams_are_looked_at() -> None:
    # New pictures, copied from 30 on, new from 90 on.
    start, end = places(100, [0, 30, 60, 90], {30, 60})
    assert start == [0, 1, 28, 29, 30, 31, 32, 33]
    assert end == [88, 89, 90, 91, 92, 93, 98, 99]


def test_where_nothing_is_joined_no_group_is_decoded_for_its_end() -> None:
    start, end = places(100, [0, 30, 60], {0, 30, 60})
    assert start == [0, 1, 2, 3]
    assert end == [60, 61, 62, 63, 98, 99]


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_a_short_clip_is_looked_at_whole(count: int) -> None:
    assert places(count, [0], set()) == [list(range(count))]
