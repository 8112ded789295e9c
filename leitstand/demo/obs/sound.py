"""The sound to the picture: a tone, and a click on every second of the wall clock."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 48_000
TONE_HERTZ, CLICK_HERTZ = 440, 3_000
TONE_PEAK, CLICK_PEAK = 0.05, 0.8
CLICK_SECONDS = 0.005
CHANNELS = 2

Samples = npt.NDArray[np.float32]
"""Channels by samples."""


class Sound:
    """Repeats itself every second: both frequencies fit in it a whole number of times."""

    def __init__(self) -> None:
        seconds = np.arange(RATE) / RATE
        wave = TONE_PEAK * np.sin(2 * np.pi * TONE_HERTZ * seconds)
        click = seconds < CLICK_SECONDS
        wave[click] = CLICK_PEAK * np.cos(2 * np.pi * CLICK_HERTZ * seconds[click])
        self._second = wave.astype(np.float32)

    def samples(self, start: int, end: int) -> Samples:
        """From one sample up to another, counted from frame 0."""
        # Not take(mode="wrap"): it counts down second by second, for ever after some days.
        wave = self._second[np.arange(start, end) % RATE]
        return np.tile(wave, (CHANNELS, 1))
