"""Bitrates from two polls, and how a path is in one word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_api.streams.history import History, Ring, thinned
from control_api.streams.rates import Rates, state

Json = dict[str, Any]


def bitrates(snapshot: Json) -> tuple[float | None, float | None]:
    path = snapshot["servers"][0]["paths"][0]
    return path["inbound_bitrate"], path["outbound_bitrate"]


@pytest.fixture
def add(path: Callable[..., Json], snapshot: Callable[..., Json]) -> Callable[..., Any]:
    rates = Rates()

    def added(time: float, inbound: int, outbound: int = 0) -> Any:
        now = snapshot(1, time, path("stage", inbound_bytes=inbound, outbound_bytes=outbound))
        rates.add(now)
        return bitrates(now)

    return added


def test_bits_over_the_time_between_polls(add: Callable[..., Any]) -> None:
    assert add(10.0, 0) == (None, None)
    assert add(12.0, 1_000, 500) == (4_000.0, 2_000.0)


def test_over_three_polls(add: Callable[..., Any]) -> None:
    for time, inbound in ((0.0, 0), (2.0, 100), (4.0, 200), (6.0, 300), (8.0, 1_100)):
        found = add(time, inbound)
    assert found == (round((1_100 - 100) * 8 / 6, 1), 0.0)


def test_the_same_poll_twice_changes_nothing(add: Callable[..., Any]) -> None:
    add(10.0, 0)
    assert add(12.0, 1_000) == add(12.0, 1_000)


def test_counters_that_begin_anew_are_not_negative(add: Callable[..., Any]) -> None:
    add(10.0, 5_000)
    add(12.0, 6_000)
    assert add(14.0, 10) == (None, None)
    assert add(16.0, 1_010) == (4_000.0, 0.0)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"online": True, "last_data": 995.0}, "live"),
        ({"online": True, "last_data": 989.0}, "frozen"),
        ({"online": True, "last_data": None}, "live"),
        ({"online": False, "expected": True}, "offline"),
        ({"online": False, "expected": False}, "idle"),
    ],
)
def test_a_path_in_one_word(path: Callable[..., Json], fields: Json, word: str) -> None:
    assert state(path("stage", **fields), 1_000.0) == word


def test_a_ring_keeps_the_newest() -> None:
    ring = Ring(10.0, 1.0, 1)
    for second in range(25):
        ring.add(float(second), [float(second)])
    times, columns = ring.rows()
    assert times == [float(second) for second in range(15, 25)]
    assert columns == [times]


def test_what_comes_too_soon_is_left_out() -> None:
    ring = Ring(10.0, 2.0, 1)
    for second in range(5):
        ring.add(float(second), [0.0])
    assert ring.rows()[0] == [0.0, 2.0, 4.0]


def test_unknown_is_none(path: Callable[..., Json], snapshot: Callable[..., Json]) -> None:
    history, rates = History(), Rates()
    for number in range(2):
        now = snapshot(1, 10.0 * number, path("stage", inbound_bytes=1_000 * number))
        rates.add(now)
        history.add(now)
    assert history.path("main", "stage")["inbound_bitrate"] == [None, 800.0]
    assert history.path("main", "other")["times"] == []
    totals = history.totals()
    assert totals["inbound_bitrate"] == [None, 800.0]
    assert totals["disk_available_bytes"] == [None, None]


def test_thinned_to_the_means_of_equal_parts_of_ten_minutes() -> None:
    times = [float(second) for second in range(0, 600, 100)]
    assert thinned(times, [1.0, None, 3.0, 5.0, 10.0, 20.0], 3) == [1.0, 4.0, 15.0]
