"""Temperatures, each under a name of its own."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import chain, count, islice

from exporter.sources.host.state import Temperature

_LIMIT = 200

Sensors = Mapping[str, Sequence[tuple[str, float]]]
"""Label and degrees of each sensor, by chip."""


def temperatures(chips: Sensors) -> tuple[Temperature, ...]:
    """At most 200 sensors, in the kernel's order."""
    return tuple(islice(chain.from_iterable(map(_of_chip, chips.items())), _LIMIT))


def _of_chip(chip: tuple[str, Sequence[tuple[str, float]]]) -> Iterator[Temperature]:
    name, sensors = chip
    taken: set[str] = set()
    for place, (label, celsius) in enumerate(sensors, start=1):
        sensor = _free_name(label or f"temp{place}", taken)
        taken.add(sensor)
        yield Temperature(name, sensor, celsius)


def _free_name(wanted: str, taken: Container[str]) -> str:
    """Two chips of one name, such as two NVMe disks, come as one with every label twice."""
    names = chain((wanted,), (f"{wanted} #{number}" for number in count(2)))
    return next(name for name in names if name not in taken)
