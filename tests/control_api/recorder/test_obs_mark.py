"""The mark in OBS: a studio that another Leitstand controls is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from control_api.recorder.obs_mark import FRESH_SECONDS, Identity, ObsMark
from leitstand.clients.obs import Absent, RequestFailed


class Obs:
    """OBS's persistent data."""

    def __init__(self) -> None:
        self.slots: dict[str, Any] = {}
        self.error: Exception | None = None
        self.writes = 0

    def request(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        if name == "GetPersistentData":
            return {"slotValue": self.slots.get(data["slotName"])}
        self.writes += 1
        self.slots[data["slotName"]] = data["slotValue"]
        return {}


class Time:
    seconds = 1_000_000.0

    def now(self) -> float:
        return self.seconds


def marks(obs: Obs, time: Time, *names: str, ahead: float = 0.0) -> list[ObsMark]:
    """Marks of installations of these names; the clocks of all but the first are `ahead`."""
    return [
        ObsMark(
            obs,
            lambda name=name: Identity(name, "stage", f"host of {name}"),  # type: ignore[misc]
            now=lambda number=number: time.now() + ahead * bool(number),  # type: ignore[misc]
            monotonic=time.now,
        )
        for number, name in enumerate(names)
    ]


def test_the_first_one_has_it_and_the_second_sees_whose_it_is() -> None:
    obs, time = Obs(), Time()
    first, second = marks(obs, time, "a", "b")
    for _ in range(100):
        assert first.other() is None
        other = second.other()
        assert other is not None
        assert other.host == "host of a"
        time.seconds += 1


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
def test_one_that_has_ended_is_followed_whatever_the_clocks_say(ahead: float) -> None:
    obs, time = Obs(), Time()
    first, second = marks(obs, time, "a", "b", ahead=ahead)
    assert first.other() is None
    waited = 0.0
    while second.other() is not None:
        waited += 1
        time.seconds += 1
        assert waited <= FRESH_SECONDS + 10
    assert first.other() is not None or ahead != 0


def test_one_that_has_ended_has_left_what_it_recorded() -> None:
    obs, time = Obs(), Time()
    paths = ["/rec/1.mkv"]
    first = ObsMark(
        obs,
        lambda: Identity("a", "stage", "host of a"),
        now=time.now,
        monotonic=time.now,
        paths=lambda: paths,
    )
    (second,) = marks(obs, time, "b")
    assert first.other() is None
    time.seconds += 1
    # Without waiting for the next renewal: the host may go at once.
    paths = ["/rec/1.mkv", "/rec/2.mkv", "/rec/3.mkv"]
    first.other()
    assert second.other() is not None
    assert second.left is None
    while second.other() is not None:
        time.seconds += 1
    assert second.left is not None
    assert (second.left.host, second.left.paths) == ("host of a", ("/rec/1.mkv", "/rec/3.mkv"))


def test_the_own_mark_of_an_earlier_process_is_nobody_s() -> None:
    obs, time = Obs(), Time()
    first, again = marks(obs, time, "a", "a")
    first.other()
    again.other()
    assert again.left is None


def test_the_same_one_after_a_restart_goes_on_at_once() -> None:
    obs, time = Obs(), Time()
    first, again = marks(obs, time, "a", "a")
    assert first.other() is None
    assert again.other() is None


def test_the_lease_in_a_common_database_decides_over_the_mark() -> None:
    obs, time = Obs(), Time()
    epochs = {"a": 1, "b": 2}
    first, second = (
        ObsMark(
            obs,
            lambda name=name: Identity(name, "stage", name, "db", epochs[name]),  # type: ignore[misc]
            now=time.now,
            monotonic=time.now,
        )
        for name in epochs
    )
    assert first.other() is None
    assert second.other() is None
    time.seconds += 10
    assert first.other() is not None


def test_it_is_not_written_at_every_look() -> None:
    obs, time = Obs(), Time()
    (mark,) = marks(obs, time, "a")
    for _ in range(60):
        mark.other()
        time.seconds += 1
    assert obs.writes <= 13


@pytest.mark.parametrize("error", [RequestFailed("GetPersistentData", 204), Absent("is away")])
def test_an_obs_without_marks_or_without_an_answer_blocks_nothing(error: Exception) -> None:
    obs, time = Obs(), Time()
    obs.error = error
    (mark,) = marks(obs, time, "a")
    assert mark.other() is None
