"""A picture as VP9 and AV1 code it: shown at once, kept for later, or only shown."""

from __future__ import annotations

from dataclasses import dataclass

SLOTS = 8
"""How many pictures a decoder keeps for reference."""
ORDERS = 256
"""Places in the order shown are counted modulo this."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A picture in a packet, or (`existing`: the slot it is in) one that is shown again.

    `is_start`: a key frame that is shown, after which nothing before is needed. `order` is its
    place in the order shown; None where it is not said. `kept` has
    a bit for each slot that it is kept in; `size` is that of a key frame, where it is said.
    """

    is_shown: bool
    is_start: bool = False
    order: int | None = None
    kept: int = 0
    existing: int | None = None
    size: tuple[int, int] | None = None
