"""A library with small videos in it, the routes for playing them, and the queue behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.clock import SystemClock
from control_api.jobs.kinds import Kind
from control_api.jobs.service import JobService
from control_api.jobs.store import JobStore
from control_api.library.service import LibraryService
from control_api.play.reading import Reader
from control_api.play.service import PlayService
from control_api.play.store import PlayStore
from tests.conftest import program
from tests.control_api.library.conftest import House
from tests.control_api.library.videos import GOP, Shelf, Videos, database, house, shelf
from tests.leitstand.cut.media import Recipe
from tests.running import eventually

__all__ = ["database", "house", "shelf"]

PLAIN = Recipe(options=GOP, seconds=4)


@dataclass
class Room(Videos):
    """Asks over HTTP; `reader` may be one that does not work as it should."""

    cache: Path
    kinds: dict[str, Kind]
    jobs: JobService
    reader: Reader = field(default_factory=Reader)
    most_bytes: int = 10**10

    def client(self, role: Role = Role.VIEWER) -> TestClient:
        store = PlayStore(self.cache, self.most_bytes)
        service = PlayService(self.house.service, self.jobs, self.reader, store)
        self.kinds["play"] = service.kind()
        provided = {
            PlayService: service,
            LibraryService: self.house.service,
            JobService: self.jobs,
        }
        return self.serve(provided, role)

    def put(self, name: str, recipe: Recipe = PLAIN) -> str:
        """The id of a video that was recorded then."""
        return self.put_recipe(name, recipe)

    def file(self, id: str) -> Path:
        return self.house.service.path(id)

    def how(self, id: str) -> dict[str, Any]:
        answer = self.client().get(f"/api/videos/{id}/play.json")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    def played(self, id: str, to: Path) -> Path:
        """What a player gets, as a file."""
        answer = self.client().get(f"/api/videos/{id}/play")
        assert answer.status_code == 200, answer.text
        to.write_bytes(answer.content)
        return to

    def made(self, id: str, to: Path) -> Path:
        """The same where a job makes it first."""
        first = self.client().get(f"/api/videos/{id}/play")
        assert first.status_code == 202, first.text
        return self.after(first.json()["data"]["id"], id, to)

    def after(self, job: int, id: str, to: Path) -> Path:
        over = eventually(lambda: j if (j := self.jobs.get(job)).finished_at else None, 60)
        assert over is not None
        assert over.error is None
        return self.played(id, to)


@pytest.fixture
def room(
    house: House,
    serve: Callable[..., TestClient],
    shelf: Shelf,
    tmp_path: Path,
) -> Iterator[Room]:
    kinds: dict[str, Kind] = {}
    jobs = JobService(
        JobStore(house.database),
        kinds,
        SystemClock(),
        workers=lambda: 1,
        most_queued=lambda: 10,
    )
    jobs.start()
    yield Room(house, serve, shelf, tmp_path / "cache" / "play", kinds, jobs)
    jobs.stop()


@dataclass(frozen=True)
class Seen:
    """A packet as a demuxer sees it; times are seconds from the container's start."""

    data: bytes
    shown: float
    is_key: bool


def packets(path: Path, kind: str) -> list[Seen]:
    with av.open(str(path)) as container:
        stream: Any = next(one for one in container.streams if one.type == kind)
        origin = (container.start_time or 0) / 1e6
        return [
            Seen(bytes(one), float(one.pts * one.time_base) - origin, one.is_keyframe)
            for one in container.demux(stream)
            if one.size
        ]


def ffmpeg(*arguments: str | Path) -> None:
    command: Sequence[str] = [program("ffmpeg"), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)
