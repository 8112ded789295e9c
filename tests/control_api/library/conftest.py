"""A library in a folder of its own, with a clock that stands still and videos of two seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest

from control_api.database import Database
from control_api.library.changes import Changes
from control_api.library.folders import Folder, Folders
from control_api.library.intake import Intake
from control_api.library.listing import Wanted
from control_api.library.probing import Probe
from control_api.library.scan import Scanner, Tally
from control_api.library.service import LibraryService
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_795_000_000.0
"""In November 2026."""


class Killed(BaseException):
    """What kill -9 looks like from inside: nothing that follows is done."""


@dataclass
class StillClock:
    time: float = NOW

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@dataclass
class House:
    """Everything over one database and one folder; `restart` makes a new one of the same."""

    root: Path
    database: Database
    clock: StillClock = field(default_factory=StillClock)
    probed: list[Path] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    dies_after: int | None = None
    in_use: set[str] = field(default_factory=set)
    probe: Callable[[Path], Probe] = lambda _: Probe(2.0)

    def __post_init__(self) -> None:
        self.store = VideoStore(self.database)
        self.folders = Folders([Folder("library", self.root)])
        self.changes = Changes(self.store, self.folders, self._step)
        self.service = LibraryService(
            self.store, self.changes, self.clock, BERLIN, in_use=lambda id: id in self.in_use
        )
        intake = Intake(
            self.store,
            self.changes,
            self._probe,
            clock=self.clock,
            zone=BERLIN,
            tell=lambda kind, studio, said, **_: self.told.append(said),
        )
        self.scanner = Scanner(self.store, self.folders, self.changes, intake, self.clock)

    def put(self, name: str, content: bytes = b"x", age: float = 3600.0) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (self.clock.time - age, self.clock.time - age))
        return path

    def scan(self) -> Tally:
        tally = Tally()
        self.scanner.run(tally)
        return tally

    def rows(self) -> dict[str, VideoRow]:
        return {row.name: row for row in self.service.page(Wanted(), page_size=200)[0]}

    def one(self) -> VideoRow:
        (row,) = self.rows().values()
        return row

    def files(self) -> set[str]:
        found = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix() for path in found}

    def restart(self, database: Database | None = None) -> House:
        house = House(self.root, database or self.database, self.clock, probe=self.probe)
        house.changes.finish()
        return house

    def _probe(self, path: Path) -> Probe:
        self.probed.append(path)
        return self.probe(path)

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if self.dies_after is not None and len(self.steps) == self.dies_after:
            raise Killed


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    root = tmp_path / "videos"
    root.mkdir()
    return House(root, database)


@pytest.fixture(scope="session")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of picture and sound, with the time that they were made."""
    path = tmp_path_factory.mktemp("movie") / "movie.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["creation_time"] = "2026-11-20T19:30:00.000000Z"
        picture: Any = container.add_stream("mpeg4", 25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound: Any = container.add_stream("aac", 48000, layout="mono")
        for _ in range(50):
            image = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
            container.mux(picture.encode(image))
        for number in range(94):
            quiet = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            quiet.sample_rate, quiet.pts = 48000, number * 1024
            quiet.time_base = Fraction(1, 48000)
            container.mux(sound.encode(quiet))
        for stream in (picture, sound):
            container.mux(stream.encode(None))
    return path


@pytest.fixture
def put_movie(house: House, movie: Path) -> Callable[[str], Path]:
    def put(name: str) -> Path:
        path = house.put(name)
        shutil.copyfile(movie, path)
        os.utime(path, (NOW - 3600, NOW - 3600))
        return path

    return put
