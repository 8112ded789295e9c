"""When the samples of a track are decoded and shown, as numbers of its own time scale. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, Any]
_MOST_PIECES = 64
_LARGEST_SCALE = 1_000_000
_FINEST = 1000


class Unfit(Exception):
    """It cannot be put into a table; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Times:
    """`durations` and `offsets` (of showing after decoding) are in 1/`scale` s, in decoding order.

    `first` is when the first sample is shown, by the file's own clock, and `delay` how much later
    than it is decoded that is.
    """

    scale: int
    durations: Numbers
    offsets: Numbers
    first: int
    delay: int


def timed(shown: Numbers, unit: Fraction, scale: int, step: int, longest: float) -> Times:
    """From times of showing, in `unit` seconds and decoding order.

    A steady `step` (in 1/`scale` s, 0: not known) is restored where `unit` was too coarse for it.
    Raises Unfit where a sample would wait longer than `longest` seconds.
    """
    order = np.argsort(shown, kind="stable")
    wanted = _scaled(shown[order], unit, scale)
    coarse = round(unit * scale)
    if step and coarse > 1:
        wanted = steady(wanted, step, coarse + 1)
    at = np.empty_like(wanted)
    at[order] = wanted
    # The pictures are decoded in the file's order, each no later than it is shown.
    delay = max(0, int((wanted - at).max()))
    if delay > longest * scale:
        raise Unfit("its time stamps jump")
    decoded = wanted - delay
    last = step or (int(np.median(np.diff(decoded))) if len(decoded) > 1 else 1)
    durations = np.diff(decoded, append=decoded[-1] + max(1, last))
    return Times(scale, durations, at - decoded, int(wanted[0]), delay)


def steady(times: Numbers, step: int, tolerance: int) -> Numbers:
    """Even steps instead of rounded ones; the times as they are where they are not even."""
    made = times.copy()
    at = 0
    for _ in range(_MOST_PIECES):
        even = times[at] + step * np.arange(len(times) - at)
        off = np.flatnonzero(np.abs(even - times[at:]) > tolerance)
        until = at + int(off[0]) if len(off) else len(times)
        made[at:until] = even[: until - at]
        if until == len(times):
            return np.maximum.accumulate(made)
        at = until
    return times


def picture_scale(unit: Fraction, rate: Fraction | None) -> tuple[int, int]:
    """Time scale and step for pictures at about `rate`; step 0 where it is not known."""
    if rate is None or rate <= 0 or rate.numerator > _LARGEST_SCALE or unit < Fraction(1, _FINEST):
        return _scale(unit), 0
    factor = -(-_FINEST // rate.numerator)
    return rate.numerator * factor, rate.denominator * factor


def sound_step(shown: Numbers, unit: Fraction, scale: int, sizes: Sequence[int]) -> int:
    """Which of the sizes a codec's packets may have (in 1/`scale` s) these have; 0: none."""
    if len(shown) < 2:
        return 0
    mean = float(shown[-1] - shown[0]) / (len(shown) - 1) * float(unit * scale)
    nearest = min(sizes, key=lambda size: abs(size - mean), default=0)
    return nearest if abs(nearest - mean) < 0.05 * nearest else 0


def runs(values: Sequence[int] | Numbers) -> list[tuple[int, int]]:
    """How often, and what: equal neighbours together."""
    array = np.asarray(values)
    starts = np.flatnonzero(np.diff(array, prepend=array[:1] - 1))
    counts = np.diff(starts, append=len(array))
    return list(zip(counts.tolist(), array[starts].tolist(), strict=True))


def _scale(unit: Fraction) -> int:
    whole = unit.denominator if unit.numerator == 1 else round(1 / unit)
    return min(max(whole, 1), _LARGEST_SCALE)


def _scaled(times: Numbers, unit: Fraction, scale: int) -> Numbers:
    factor = unit * scale
    return (times * factor.numerator + factor.denominator // 2) // factor.denominator
