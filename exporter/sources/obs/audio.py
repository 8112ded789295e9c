"""Which inputs have sound, how loud they were since the last poll, and when last audible."""

from __future__ import annotations

import math
from collections.abc import Mapping

from exporter.sources.obs.state import Input
from leitstand.clients.obs import Level

AUDIBLE_DECIBELS = -60.0
QUIETEST_DECIBELS = -100.0
_MOST_INPUTS = 100


class Audio:
    """Keeps when each input was last audible.

    Measured before fader and mute: a muted input with a signal is not a silent one.
    """

    def __init__(self) -> None:
        self._last_audible: dict[str, float] = {}

    def states(
        self, muted: Mapping[str, bool], levels: Mapping[str, Level], now: float
    ) -> tuple[Input, ...]:
        """The inputs that have sound, by name; one that OBS does not meter now has no peak."""
        names = list(muted)[:_MOST_INPUTS]
        peaks = {name: decibels(levels[name].input_peak) for name in names if name in levels}
        for name, peak in peaks.items():
            if peak > AUDIBLE_DECIBELS:
                self._last_audible[name] = now
        self._last_audible = {n: at for n, at in self._last_audible.items() if n in muted}
        return tuple(
            Input(name, muted[name], peaks.get(name), self._last_audible.get(name))
            for name in names
        )


def decibels(multiplier: float) -> float:
    """A multiplier as decibels of full scale; silence is -100 dB, not minus infinity."""
    if multiplier <= 0:
        return QUIETEST_DECIBELS
    return max(20 * math.log10(multiplier), QUIETEST_DECIBELS)
