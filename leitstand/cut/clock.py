"""The clip's own clock: when each frame is shown, counted from the requested start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

_TICKS_PER_SECOND = 10_000
# Matroska counts in milliseconds: closer frames would get the same time.
APART = Fraction(1, 1000)


def fine(unit: Fraction) -> Fraction:
    """A unit of time stamps in which those in `unit` are exact and a start between two of them
    is off by at most 50 microseconds."""
    return Fraction(1, unit.denominator * math.ceil(_TICKS_PER_SECOND / unit.denominator))


def placed(
    shown: Sequence[int],
    unit: Fraction,
    zero: Fraction,
    into: Fraction,
    *,
    begin: int = 0,
    before: int | None = None,
) -> list[int]:
    """When frames with these time stamps are shown, in `into` from `zero` seconds on.

    The first one at `begin` if it has begun by then. It and the second one are at least APART
    after the frame before them (`before`).
    """
    ticks = _scaled(shown, unit, zero, into)
    has_begun = shown[0] * unit <= zero + begin * into + unit / 2
    apart = math.ceil(APART / into)
    made = [begin if has_begun else ticks[0]]
    if before is not None:
        made[0] = max(made[0], before + apart)
    for tick in ticks[1:]:
        made.append(max(tick, made[-1] + (apart if len(made) == 1 else 1)))
    return made


def _scaled(shown: Sequence[int], unit: Fraction, zero: Fraction, into: Fraction) -> list[int]:
    # Whole numbers only: a Fraction each would cost more than the copy of its frame.
    scale, shift = unit / into, zero / into
    over = scale.denominator * shift.denominator
    times, offset = scale.numerator * shift.denominator, shift.numerator * scale.denominator
    return [(2 * (pts * times - offset) + over) // (2 * over) for pts in shown]
