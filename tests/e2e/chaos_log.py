"""What a test noted of an evening on the monotonic clock: faults, the wall clock, orders."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True, slots=True)
class Span:
    """Something that was so from one moment to another, both by the monotonic clock."""

    name: str
    begin: float
    end: float

    def touches(self, begin: float, end: float) -> bool:
        return self.begin < end and self.end > begin


class Timeline:
    """Used by any number of threads."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.clocks: list[tuple[float, int]] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def noted(self, name: str | None) -> Iterator[None]:
        """Note that something is so within this context; None: nothing worth noting."""
        begin = time.monotonic()
        try:
            yield
        finally:
            if name is not None:
                self.add(Span(name, begin, time.monotonic()))

    def add(self, span: Span) -> None:
        with self._lock:
            self.spans.append(span)

    def clock(self, seconds: int) -> None:
        """Note that the wall clock was set beside the true one."""
        with self._lock:
            self.clocks.append((time.monotonic(), seconds))

    def offset(self, moment: float) -> int:
        """By how much the wall clock was beside the true one."""
        found = [seconds for at, seconds in self.clocks if at <= moment]
        return found[-1] if found else 0

    def names(self, begin: float, end: float) -> frozenset[str]:
        """What was so at some moment between these."""
        return frozenset(each.name for each in self.spans if each.touches(begin, end))


def plays(file: Path) -> bool:
    """Whether a frame of the file can be decoded."""
    with contextlib.suppress(av.FFmpegError, StopIteration, IndexError), av.open(file) as container:
        return next(container.decode(video=0)) is not None
    return False


def frames(file: Path) -> list[tuple[float, str]]:
    """The recorded frames: their moments and the names of their files."""
    found = []
    for line in file.read_text().splitlines() if file.exists() else ():
        moment, _, path = line.partition(" ")
        found.append((float(moment), path.rpartition("/")[2]))
    return found
