"""Whatever the raw counters do, a total never falls and is the sum of what moved."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.counters import Counters, HighWater, Reading

Step = tuple[str, str, int, int]

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["move", "reset", "vanish", "poll", "lost poll", "move group"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1000),
        st.integers(0, 1000),
    ),
    max_size=60,
)


def seen(counters: Counters, group: str) -> tuple[float | None, ...] | None:
    """The totals as they are now: what `get` gives goes on with them."""
    total = counters.get(group)
    return None if total is None else tuple(total)


@dataclass
class Model:
    """Objects that count, and the truth about what they moved between good polls.

    What an object moved and no poll saw before it began again is lost to everybody; the truth
    counts what polls could see.
    """

    raw: dict[str, list[int]] = field(default_factory=dict)
    births: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, list[int]] = field(default_factory=dict)
    truth: dict[str, list[int]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    clock: int = 0

    def step(self, action: str, name: str, x: int, y: int) -> None:
        if action == "move":
            for counts in (self._of(self.raw, name), self._of(self.unseen, name)):
                counts[0] += x
                counts[1] += y
        elif action == "reset":
            self.clock += 1
            self.births[name] = self.clock
            self.raw[name], self.unseen[name] = [0, 0], [0, 0]
        elif action == "vanish":
            # Whoever comes back under that name is another one, as an id or a time tells.
            self.clock += 1
            self.births[name] = self.clock
            for known in (self.raw, self.unseen):
                known.pop(name, None)
        elif action == "move group":
            self.groups[name] = f"g{x % 3}"

    def readings(self) -> list[Reading]:
        return [
            Reading(
                (name, self.births.get(name)),
                tuple(counts),
                self.groups.get(name, "g0"),
                epoch=self.births.get(name),
            )
            for name, counts in self.raw.items()
        ]

    def seen(self) -> None:
        for name in self.raw:
            moved = self._of(self.unseen, name)
            total = self._of(self.truth, self.groups.get(name, "g0"))
            total[0] += moved[0]
            total[1] += moved[1]
            self.unseen[name] = [0, 0]

    @staticmethod
    def _of(counts: dict[str, list[int]], name: str) -> list[int]:
        return counts.setdefault(name, [0, 0])


@given(_STEPS)
def test_totals_never_fall_and_equal_what_moved(steps: list[Step]) -> None:
    model, counters = Model(), Counters()
    before: dict[str, tuple[float, ...]] = {}
    for action, name, x, y in steps:
        model.step(action, name, x, y)
        if action != "poll":
            continue
        model.seen()
        counters.update(model.readings())
        for group, truth in model.truth.items():
            total = seen(counters, group)
            assert total == tuple(truth)
            assert all(
                new >= old for new, old in zip(total, before.get(group, (0, 0)), strict=True)
            )
            before[group] = total


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_a_fall_of_one_value_means_that_all_began_again(values: list[tuple[int, int]]) -> None:
    """Without an epoch a reset shows only in what fell; no total falls whatever is shown."""
    counters, before = Counters(), (0.0, 0.0)
    for value in values:
        counters.update([Reading("x", value, "g")])
        total = seen(counters, "g")
        assert total is not None
        assert all(new >= old for new, old in zip(total, before, strict=True))  # type: ignore[operator]
        before = total  # type: ignore[assignment]


def test_after_a_fall_the_other_values_count_in_full() -> None:
    counters = Counters()
    counters.update([Reading("path", (1000, 10), "p")])
    # Began again at 0 and has meanwhile sent more than before, but received less.
    counters.update([Reading("path", (200, 15), "p")])
    assert seen(counters, "p") == (1200, 25)


def test_a_new_epoch_counts_in_full_though_every_value_rose() -> None:
    counters = Counters()
    counters.update([Reading("path", (1000,), "p", epoch="10:00")])
    counters.update([Reading("path", (1500,), "p", epoch="10:01")])
    assert seen(counters, "p") == (2500,)


def test_what_a_vanished_object_added_stays() -> None:
    counters = Counters()
    counters.update([Reading("s1", (100,), "p", ("rtsp",)), Reading("s2", (1,), "p", ("srt",))])
    counters.update([])
    counters.update([Reading("s3", (7,), "p", ("rtsp",))])
    assert {at: tuple(total) for at, total in counters.of("p")} == {
        ("rtsp",): (107,),
        ("srt",): (1,),
    }


def test_an_object_without_a_group_is_remembered_but_credits_nothing() -> None:
    counters = Counters()
    counters.update([Reading("s", (100,), None)])
    counters.update([Reading("s", (130,), "p")])
    assert seen(counters, "p") == (30,)


def test_a_value_that_this_version_lacks_stays_unknown() -> None:
    counters = Counters()
    counters.update([Reading("a", (1, None), "p")])
    counters.update([Reading("a", (3, None), "p")])
    assert seen(counters, "p") == (3, None)


def test_a_value_that_appears_with_an_upgrade_counts_from_then_on() -> None:
    counters = Counters()
    counters.update([Reading("a", (5, None), "p")])
    counters.update([Reading("a", (6, 40), "p"), Reading("b", (1, None), "p")])
    assert seen(counters, "p") == (7, 40)


def test_readings_that_cannot_be_made_change_nothing() -> None:
    counters = Counters()
    counters.update([Reading("a", (5,), "p"), Reading("b", (5,), "p")])

    def broken() -> object:
        yield Reading("a", (9,), "p")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        counters.update(broken())  # type: ignore[arg-type]
    assert seen(counters, "p") == (10,)
    counters.update([Reading("a", (9,), "p"), Reading("b", (6,), "p")])
    assert seen(counters, "p") == (15,)


def test_the_longest_gone_is_forgotten_first_and_nobody_who_is_there() -> None:
    counters = Counters(memory=2)
    for name in ("old", "older", "new"):
        counters.update([Reading(name, (1,), name)])
    assert seen(counters, "old") is None
    assert seen(counters, "older") == (1,)
    counters.update([Reading(name, (1,), name) for name in ("a", "b", "c")])
    assert [seen(counters, name) for name in ("a", "b", "c")] == [(1,)] * 3


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_high_water_never_falls(values: list[float]) -> None:
    water = HighWater()
    seen = [water.raise_to(("0", "iowait"), value) for value in values]
    assert seen == sorted(seen)
    assert seen[-1] == max(values)
