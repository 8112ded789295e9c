"""The frames OBS has encoded, counted over all outputs as long as one is active."""

from __future__ import annotations

from leitstand.demo.obs.faults import Fault
from leitstand.demo.obs.program import ENCODED_OF_LAGGING, Program


class Encoder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._outputs = self._first = self._seen = 0
        self.total = self.skipped = 0

    @property
    def is_busy(self) -> bool:
        return self._outputs > 0

    def begin(self) -> None:
        if not self._outputs:
            self._first = self._seen = self._program.clock.frame()
            self.total = self.skipped = 0
        self._outputs += 1

    def end(self) -> None:
        self.count()
        self._outputs -= 1

    def count(self) -> None:
        """Called more often than anybody looks."""
        if not self._outputs:
            return
        now = self._program.clock.frame()
        if Fault.ENCODER_LAG in self._program.faults:
            new = range(self._seen + 1, now + 1)
            self.skipped += sum(index % ENCODED_OF_LAGGING != 0 for index in new)
        self._seen, self.total = now, now - self._first
