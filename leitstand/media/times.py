"""Seconds and time stamps of a track, with the one tolerance between them. No I/O."""

from __future__ import annotations

import math
from fractions import Fraction

_LEAST, _MOST = Fraction(2, 1_000_000), Fraction(1, 2000)


def tolerance(unit: Fraction) -> Fraction:
    """How far a frame may begin after a moment and still be shown then: half a tick of its track.

    At least what seconds lose that are written with six digits; at most half a millisecond, where
    a tick is as long as a frame.
    """
    return min(max(unit / 2, _LEAST), _MOST)


def last_tick(seconds: Fraction, unit: Fraction) -> int:
    """The last time stamp that is not after `seconds`, but for the tolerance."""
    return math.floor((seconds + tolerance(unit)) / unit)


def first_tick(seconds: Fraction, unit: Fraction) -> int:
    """The first time stamp that is not before `seconds`, but for the tolerance."""
    return math.ceil((seconds - tolerance(unit)) / unit)
