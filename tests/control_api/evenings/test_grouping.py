"""Which recordings are one evening: windows first, then what is less than 30 minutes apart."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from control_api.evenings.grouping import (
    APART_SECONDS,
    Group,
    Part,
    Window,
    grouped,
    merged_windows,
)

MINUTE = 60.0
WINDOW = Window(0, 180 * MINUTE, "Evening")


def part(id: str, begin: float, end: float) -> Part:
    return Part(id, begin * MINUTE, end * MINUTE)


def ids(groups: list[Group]) -> list[str]:
    return ["".join(one.id for one in group.parts) for group in groups]


def test_a_window_is_one_evening_with_all_its_parts() -> None:
    parts = [part("a", 0, 20), part("b", 100, 120), part("c", 150, 180)]
    assert ids(grouped(parts, [WINDOW])) == ["abc"]
    assert ids(grouped(parts, [])) == ["a", "b", "c"]


def test_a_manual_start_and_an_extension_that_touch_it_are_of_it() -> None:
    parts = [part("a", -20, -0.5), part("b", 0, 180), part("c", 180, 200), part("d", 200, 230)]
    assert ids(grouped(parts, [WINDOW])) == ["abcd"]
    assert ids(grouped([part("a", -20, 30)], [WINDOW])) == ["a"]


def test_what_does_not_touch_it_is_another_evening() -> None:
    parts = [part("a", -40, -10), part("b", 0, 180), part("c", 190, 200)]
    assert ids(grouped(parts, [WINDOW])) == ["a", "b", "c"]


def test_outside_windows_less_than_30_minutes_apart_is_one() -> None:
    parts = [part("a", 0, 10), part("b", 39.9, 50), part("c", 80, 90)]
    assert ids(grouped(parts, [])) == ["ab", "c"]
    long = [part("a", 0, 100), part("b", 10, 20), part("c", 120, 130)]
    assert ids(grouped(long, [])) == ["abc"]


def test_two_windows_of_a_day_are_two_unless_they_touch() -> None:
    early, late = Window(0, 60 * MINUTE), Window(70 * MINUTE, 120 * MINUTE)
    parts = [part("a", 0, 60), part("b", 70, 120)]
    assert ids(grouped(parts, [early, late])) == ["a", "b"]
    touching = Window(60 * MINUTE, 120 * MINUTE, "Late")
    assert ids(grouped(parts, [touching, early])) == ["ab"]
    assert merged_windows([touching, early]) == [Window(0, 120 * MINUTE, "Late")]


def test_a_recording_over_two_windows_is_of_the_one_that_it_shows_most_of() -> None:
    early, late = Window(0, 60 * MINUTE), Window(70 * MINUTE, 120 * MINUTE)
    assert grouped([part("a", 30, 80)], [early, late])[0].window == early


times = st.integers(0, 2000)
parts = st.lists(st.tuples(times, st.integers(0, 100)), max_size=12).map(
    lambda pairs: [
        part(str(number), begin, begin + length) for number, (begin, length) in enumerate(pairs)
    ]
)
windows = st.lists(st.tuples(times, st.integers(1, 300)), max_size=4).map(
    lambda pairs: [Window(begin * MINUTE, (begin + length) * MINUTE) for begin, length in pairs]
)


@given(parts, windows, st.randoms())
def test_every_recording_is_in_one_evening(
    given: list[Part], wanted: list[Window], order: random.Random
) -> None:
    groups = grouped(given, wanted)
    assert sorted(one.id for group in groups for one in group.parts) == sorted(
        one.id for one in given
    )
    shuffled = list(given)
    order.shuffle(shuffled)
    assert ids(grouped(shuffled, wanted)) == ids(groups)


@given(parts)
def test_evenings_outside_windows_are_30_minutes_apart(given: list[Part]) -> None:
    groups = grouped(given, [])
    for before, after in zip(groups, groups[1:], strict=False):
        gap = after.parts[0].begin - max(one.end for one in before.parts)
        assert gap >= APART_SECONDS


@given(parts, windows)
def test_what_overlaps_a_window_is_of_a_window(given: list[Part], wanted: list[Window]) -> None:
    for group in grouped(given, wanted):
        for one in group.parts:
            is_inside = any(one.begin < w.end and w.begin < one.end for w in wanted)
            assert group.window is not None or not is_inside
