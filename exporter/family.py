"""What a metric is: one family, declared once, and the samples of one poll."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Labels = tuple[str, ...]
"""Label values, in the order of the family's label names."""

Sample = tuple[Labels, float]
"""Label values and the value, in the base unit that the family's name ends in."""


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One metric family; compared by identity, since each is declared once."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]


Metrics = Iterable[tuple[Family, Sequence[Sample]]]
"""What a collector gives: its families with the samples of one state."""


def counter(name: str, help: str, *labels: str) -> Family:
    """Declare a family that only ever grows; its name ends in `_total`."""
    if not name.endswith("_total"):
        raise ValueError(f"counter {name!r} must end in _total")
    return Family(name, "counter", help, labels)


def gauge(name: str, help: str, *labels: str) -> Family:
    """Declare a family whose value goes up and down."""
    if name.endswith("_total"):
        raise ValueError(f"gauge {name!r} must not end in _total")
    return Family(name, "gauge", help, labels)
