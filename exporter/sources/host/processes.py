"""The programs around the streams: how many processes each has, and what they use."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.counters import Counters, Reading
from exporter.sources.host.machine import Process
from exporter.sources.host.state import Program

PROGRAMS = {
    "mediamtx": "mediamtx",
    "obs": "obs",
    "obs64": "obs",
    "obs-ffmpeg-mux": "obs",
    "ffmpeg": "ffmpeg",
}
"""The program that a process belongs to, by the process's name."""


class Programs:
    """Sums by program: a process that ends leaves what it added to the CPU seconds."""

    def __init__(self) -> None:
        self._counters = Counters()

    def update(self, processes: Sequence[Process]) -> tuple[Program, ...]:
        self._counters.update([Reading(p.identity, (p.cpu,), PROGRAMS[p.name]) for p in processes])
        return tuple(self._program(name, processes) for name in dict.fromkeys(PROGRAMS.values()))

    def _program(self, name: str, processes: Sequence[Process]) -> Program:
        own = [process for process in processes if PROGRAMS[process.name] == name]
        (cpu,) = self._counters.get(name) or (0.0,)
        resident = sum(process.resident_bytes for process in own)
        return Program(name, len(own), cpu or 0.0, resident)
