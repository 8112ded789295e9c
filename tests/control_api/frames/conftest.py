"""A library with real small videos in it, and the routes for pictures over it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.database import Database, opened
from control_api.frames.reading import Reader
from control_api.frames.service import FrameService
from control_api.frames.store import StripStore
from control_api.library.probing import probe
from control_api.library.service import LibraryService
from tests.control_api.library.conftest import NOW, House
from tests.leitstand.cut.media import Recipe, number_of, record

BEGAN = "2026-11-22 20-31-10"
GOP = {"g": "25", "keyint_min": "25", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}
PLAIN = Recipe(options=GOP, seconds=4, audio=())


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copy(migrated, tmp_path / "leitstand-test.db")
    with contextlib.closing(opened(f"sqlite:///{file}")) as database:
        yield database


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    root = tmp_path / "videos"
    root.mkdir()
    return House(root, database, probe=probe)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Recipe], Path]:
    """Recordings, each made once."""
    made: dict[tuple[str, str], Path] = {}
    folder = tmp_path_factory.mktemp("shelf")

    def get(name: str, recipe: Recipe) -> Path:
        key = (name, repr(recipe))
        if key not in made:
            made[key] = record(folder / f"{len(made)} {name}", recipe)
        return made[key]

    return get


@dataclass
class Room:
    """Asks over HTTP; `reader` may be one that does not work as it should."""

    house: House
    serve: Callable[..., TestClient]
    shelf: Callable[[str, Recipe], Path]
    cache: Path
    reader: Reader = field(default_factory=Reader)

    def client(self, role: Role = Role.VIEWER, most_bytes: int = 10**9) -> TestClient:
        frames = FrameService(self.house.service, self.reader, StripStore(self.cache, most_bytes))
        return self.serve({FrameService: frames, LibraryService: self.house.service}, role)

    def put(self, name: str, recipe: Recipe = PLAIN) -> str:
        """The id of a video that was recorded then."""
        path = self.house.put(name)
        shutil.copyfile(self.shelf(Path(name).suffix, recipe), path)
        return self.known(path)

    def known(self, path: Path) -> str:
        os.utime(path, (NOW - 3600, NOW - 3600))
        self.house.scan()
        return next(row.id for row in self.house.rows().values() if row.name == path.name)

    def number(self, id: str, at: Any, **query: Any) -> int:
        """Which picture is shown."""
        return self.shown(id, at, **query)[0]

    def shown(self, id: str, at: Any, **query: Any) -> tuple[int, float]:
        """Which picture is shown, and since when."""
        answer = self.client().get(f"/api/videos/{id}/frame", params={"at": at, **query})
        assert answer.status_code == 200, answer.text
        return number_of(gray(answer.content)), float(answer.headers["x-frame-time"])

    def refused(self, id: str, at: Any) -> tuple[int, str]:
        answer = self.client().get(f"/api/videos/{id}/frame", params={"at": at})
        return answer.status_code, answer.json().get("detail", "")


@pytest.fixture
def room(
    house: House,
    serve: Callable[..., TestClient],
    shelf: Callable[[str, Recipe], Path],
    tmp_path: Path,
) -> Room:
    return Room(house, serve, shelf, tmp_path / "cache" / "strips")


def gray(content: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture
