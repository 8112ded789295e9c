"""CPU seconds, which never step back."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.counters import HighWater
from exporter.sources.host.machine import Counts
from exporter.sources.host.state import Cpu


class Cpus:
    """The seconds of each CPU, as high as they ever were: idle and iowait may step back."""

    def __init__(self) -> None:
        self._highest = HighWater()

    def update(self, shown: Sequence[Counts]) -> tuple[Cpu, ...]:
        return tuple(self._cpu(str(number), counts) for number, counts in enumerate(shown))

    def _cpu(self, name: str, counts: Counts) -> Cpu:
        raised = {mode: self._highest.raise_to((name, mode), s) for mode, s in counts.items()}
        return Cpu(name, raised)
