"""A model of OBS and its muxer: what OBS counts, and what arrives in the file. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from leitstand.recordfile.progress import KIB, Counts

STEP_SECONDS = 0.1
PIPE_BYTES = BLOCK_BYTES = 64 * KIB


@dataclass(slots=True)
class Muxer:
    """Keeps a cluster and a block to itself, and takes what OBS sends through a pipe.

    While it is stopped the pipe fills, then OBS stands still. Once it is dead, OBS goes on
    counting. `speed` is the part of real time that OBS keeps up with.
    """

    bitrate: float
    cluster_seconds: float = 5.0
    speed: float = 1.0
    is_stopped: bool = False
    is_dead: bool = False
    bytes: float = 0.0
    duration: float = 0.0
    file_bytes: int = 0
    _taken: float = 0.0
    _cluster_began: float = 0.0
    _finished: float = 0.0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_SECONDS)):
            self._step()

    def counts(self) -> Counts:
        return Counts(self.bytes, self.duration, self.file_bytes)

    def _step(self) -> None:
        if self.is_dead or self.bytes - self._taken < PIPE_BYTES:
            self.bytes += self.bitrate * self.speed * STEP_SECONDS
            self.duration += self.speed * STEP_SECONDS
        if self.is_dead or self.is_stopped:
            return
        self._taken = self.bytes
        if self.duration - self._cluster_began >= self.cluster_seconds:
            self._cluster_began, self._finished = self.duration, self.bytes
        blocks = int(self._finished - self.file_bytes) // BLOCK_BYTES
        self.file_bytes += blocks * BLOCK_BYTES
