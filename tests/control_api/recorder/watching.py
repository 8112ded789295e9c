"""A recording of an OBS, watched as the recorder watches it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av

from control_api.recorder.obs_output import ObsOutput
from control_api.recorder.observation import Observation, Progress
from control_api.studios.studio import Studio
from leitstand.clients.obs import Address, ObsLink
from tests.running import eventually

LOOK_SECONDS = 1.0


@dataclass(slots=True)
class Watch:
    """Looks once a second, and at every event; keeps what it saw, with the time of each look."""

    link: ObsLink
    output: ObsOutput
    seen: list[tuple[float, Observation]] = field(default_factory=list)

    @property
    def last(self) -> Observation:
        return self.seen[-1][1]

    def look(self, wait: float = LOOK_SECONDS) -> Observation:
        for event in self.link.events(wait).events:
            self.output.hear(event)
        observation = self.output.look()
        self.seen.append((time.monotonic(), observation))
        return observation

    def until(self, wanted: Callable[[Observation], bool], within: float = 60.0) -> Observation:
        end = time.monotonic() + within
        while not wanted(observation := self.look()):
            assert time.monotonic() < end, observation
        return observation

    def until_unheard(self, wanted: Callable[[Observation], bool]) -> Observation:
        """The same without the events that came."""

        def look() -> Observation | None:
            self.link.events(LOOK_SECONDS)
            observation = self.output.look()
            return observation if wanted(observation) else None

        observation = eventually(look)
        assert observation is not None
        return observation

    def record(self, seconds: float) -> Observation:
        """Start, and look until so much is recorded."""
        self.output.start()
        return self.until(lambda one: one.grew and one.duration >= seconds, 60.0 + 2 * seconds)

    def run(self, seconds: float) -> None:
        """Look for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.look(min(LOOK_SECONDS, left))

    def go_on(self, seconds: float) -> Observation:
        """Look until so much more is recorded."""
        target = self.last.duration + seconds
        return self.until(lambda one: one.duration >= target, 60.0 + 2 * seconds)

    def stop(self) -> None:
        self.output.stop()
        self.until(lambda one: not one.active)

    @property
    def recorded(self) -> list[Observation]:
        """The looks at a recording that ran."""
        return [observation for _, observation in self.seen if observation.active]

    @property
    def progress(self) -> set[Progress]:
        return {observation.progress for _, observation in self.seen}


@contextlib.contextmanager
def watched(port: int, recordings: Path | None) -> Iterator[Watch]:
    """An OBS on that port of this machine."""
    link = ObsLink(Address("127.0.0.1", port, lambda: None))
    try:
        link.events()
        yield Watch(link, ObsOutput(Studio("stage", link, recordings)))
    finally:
        link.close()


def frames(path: Path) -> int:
    """The pictures in a file."""
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that never rest."""
    command = (sys.executable, "-S", "-c", "while True: pass")
    children = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()
