"""The plan of a cut, from time stamps alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut.bitstream import Key
from leitstand.cut.plan import delay, exact
from leitstand.cut.request import CannotCopy

# I P B b b, twice, in decoding order.
_PTS = [0, 4, 2, 1, 3, 8, 6, 5, 7, 9, 13, 11, 10, 12, 17, 15, 14, 16]
_KEYS = [2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]


def test_the_head_ends_at_the_key_frame() -> None:
    plan = exact(_PTS, _KEYS, (3, 18))
    assert plan.head() == [3, 4, 5, 6, 7, 8]
    assert (plan.copy_pts, plan.tail_pts) == (9, None)


def test_what_needs_a_later_reference_is_encoded() -> None:
    plan = exact(_PTS, _KEYS, (0, 16))
    assert plan.tail() == [14, 15]


def test_no_key_frame_is_said() -> None:
    with pytest.raises(CannotCopy, match="no key frame"):
        exact(_PTS, _KEYS, (1, 9))


def test_key_frames_that_need_others_are_said() -> None:
    keys = [Key.UNJOINABLE if one else 0 for one in _KEYS]
    with pytest.raises(CannotCopy, match="need pictures before them"):
        exact(_PTS, keys, (0, 18))


@given(st.integers(0, 17), st.integers(1, 18))
def test_every_picture_is_made_or_copied_once(start: int, end: int) -> None:
    try:
        plan = exact(_PTS, _KEYS, (start, end))
    except CannotCopy:
        return
    copied = [one for one in _PTS[plan.copy_from : plan.copy_to] if one >= plan.copy_pts]
    assert sorted(plan.head() + copied + plan.tail()) == list(range(start, end))
    assert plan.head() + sorted(copied) + plan.tail() == list(range(start, end))


@given(st.permutations(range(8)))
def test_nothing_is_decoded_after_it_is_shown(order: list[int]) -> None:
    ahead = delay(order)
    assert all(place - ahead <= pts for place, pts in enumerate(order))


def test_a_copy_ends_before_a_packet_that_holds_a_later_picture() -> None:
    pts, keys = list(range(20)), [2 * (place % 8 == 0) for place in range(20)]
    # The packet 9 has a picture that is shown with 13.
    latest = [13 if place == 9 else place for place in range(20)]
    assert exact(pts, keys, (0, 14), latest).tail() == []
    assert exact(pts, keys, (0, 13), latest).tail() == list(range(9, 13))
    assert exact(pts, keys, (0, 10), latest).tail() == [9]
    assert exact(pts, keys, (0, 9), latest).tail() == []
    assert exact(pts, keys, (7, 11), latest).tail() == [9, 10]


def test_nothing_is_copied_where_the_key_frame_holds_a_later_picture() -> None:
    pts, keys = list(range(20)), [2 * (place % 8 == 0) for place in range(20)]
    latest = [13 if place == 8 else place for place in range(20)]
    with pytest.raises(CannotCopy, match="from after the end"):
        exact(pts, keys, (7, 13), latest)
    assert exact(pts, keys, (7, 14), latest).tail() == []


def test_at_the_end_of_the_recording_nothing_is_later() -> None:
    pts, keys = list(range(20)), [2 * (place % 8 == 0) for place in range(20)]
    latest = [1 << 62 if place == 18 else place for place in range(20)]
    assert exact(pts, keys, (0, 20), latest).tail() == []
    assert exact(pts, keys, (0, 19), latest).tail() == [18]
