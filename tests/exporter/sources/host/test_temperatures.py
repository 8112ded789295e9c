"""Temperatures and their names."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.sources.host.state import Temperature
from exporter.sources.host.temperatures import Sensors, temperatures


def test_a_sensor_keeps_its_label() -> None:
    assert temperatures({"coretemp": [("Core 0", 41.0), ("Core 1", 43.5)]}) == (
        Temperature("coretemp", "Core 0", 41.0),
        Temperature("coretemp", "Core 1", 43.5),
    )


def test_a_sensor_without_label_is_named_after_its_place() -> None:
    assert temperatures({"acpitz": [("", 27.8), ("", 29.8)]}) == (
        Temperature("acpitz", "temp1", 27.8),
        Temperature("acpitz", "temp2", 29.8),
    )


def test_two_chips_of_one_name_are_told_apart() -> None:
    assert temperatures({"nvme": [("Composite", 38.0), ("Composite", 51.0)]}) == (
        Temperature("nvme", "Composite", 38.0),
        Temperature("nvme", "Composite #2", 51.0),
    )


labels = st.sampled_from(["", "Core", "Core #2", "temp1", "temp2", "temp1 #2"])


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["nvme", "acpitz"]), st.lists(st.tuples(labels, st.just(40.0))))
)
def test_no_two_sensors_have_the_same_name(chips: Sensors) -> None:
    shown = temperatures(chips)
    assert len({(t.chip, t.sensor) for t in shown}) == len(shown)
    assert len(shown) == sum(map(len, chips.values()))


def test_there_is_a_limit() -> None:
    assert len(temperatures({"odd": [("", 20.0)] * 1_000})) == 200
