"""What goes to air: picture, sound and levels of each frame, with the faults of the day."""

from __future__ import annotations

import threading

import numpy as np

from leitstand.demo.obs.clock import Clock
from leitstand.demo.obs.faults import Fault, Faults
from leitstand.demo.obs.picture import Picture, Yuv
from leitstand.demo.obs.protocol import Json
from leitstand.demo.obs.sound import CHANNELS, RATE, Samples, Sound
from leitstand.demo.obs.stage import Input, Stage

METER_SECONDS = 0.05
ENCODED_OF_LAGGING = 3
"""While the encoder lags it takes one frame of so many."""


class Program:
    def __init__(self, clock: Clock, stage: Stage, faults: Faults, size: tuple[int, int]) -> None:
        self.clock, self.stage, self.faults = clock, stage, faults
        self._picture, self._sound = Picture(size), Sound()
        self._frozen: int | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> tuple[int, int]:
        return self._picture.width, self._picture.height

    def picture(self, index: int) -> Yuv:
        """As it is encoded."""
        if Fault.ENCODER_LAG in self.faults:
            index -= index % ENCODED_OF_LAGGING
        return self._draw(index, self.stage.current)

    def still(self, source: str) -> Yuv:
        """A scene or the moving input now; other inputs have no picture to speak of."""
        if source in self.stage.inputs and not self.stage.inputs[source].sounding:
            return self._picture.black()
        return self._draw(self.clock.frame(), source)

    def sound(self, index: int) -> Samples:
        """The mix under one frame."""
        start, end = (n * RATE // self.clock.fps for n in (index, index + 1))
        playing = [i for i in self.stage.audible() if i.sounding and not i.muted]
        gain = np.float32(sum(i.volume for i in playing) * self._level())
        mix: Samples = np.clip(self._sound.samples(start, end) * gain, -1, 1)
        return mix

    def levels(self) -> list[Json]:
        """Per channel [magnitude, peak, peak before the fader], of the last 50 ms."""
        now = int(self.clock.running_seconds * RATE)
        wave = self._sound.samples(now - int(METER_SECONDS * RATE), now)[0] * self._level()
        magnitude, peak = float(np.sqrt(np.mean(wave**2))), float(np.max(np.abs(wave)))

        def of(input_: Input) -> list[list[float]]:
            if not input_.sounding:
                return []
            gain = 0.0 if input_.muted else input_.volume
            return [[magnitude * gain, peak * gain, peak]] * CHANNELS

        return [{"inputName": i.name, "inputLevelsMul": of(i)} for i in self.stage.audible()]

    def _level(self) -> float:
        return 0.0 if Fault.SILENT in self.faults else 1.0

    def _draw(self, index: int, title: str) -> Yuv:
        if Fault.BLACK in self.faults:
            return self._picture.black()
        index = self._frozen_at(index)
        return self._picture.draw(index, self.clock.wall(index), title)

    def _frozen_at(self, index: int) -> int:
        with self._lock:
            if Fault.FROZEN not in self.faults:
                self._frozen = None
                return index
            if self._frozen is None:
                self._frozen = index
            return self._frozen
