"""A library with real small videos in it, for the rooms that read them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from control_api.database import Database
from control_api.library.probing import probe
from tests.control_api.library.conftest import NOW, House
from tests.leitstand.cut.media import Recipe, record

GOP = {"g": "25", "keyint_min": "25", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}

Shelf = Callable[[str, Recipe], Path]


@pytest.fixture
def database(sqlite: Database) -> Database:
    """Each test on SQLite alone: what it is about is no matter of the database."""
    return sqlite


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    root = tmp_path / "videos"
    root.mkdir()
    return House(root, database, probe=probe)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Recordings, each made once."""
    made: dict[tuple[str, str], Path] = {}
    folder = tmp_path_factory.mktemp("shelf")

    def get(name: str, recipe: Recipe) -> Path:
        key = (name, repr(recipe))
        if key not in made:
            made[key] = record(folder / f"{len(made)}{name}", recipe)
        return made[key]

    return get


@dataclass
class Videos:
    """Puts videos into the library, as if they had been recorded an hour ago."""

    house: House
    serve: Callable[..., TestClient]
    shelf: Shelf

    def put_recipe(self, name: str, recipe: Recipe) -> str:
        """The id of a video that was recorded then."""
        path = self.house.put(name)
        shutil.copyfile(self.shelf(Path(name).suffix, recipe), path)
        return self.known(path)

    def known(self, path: Path) -> str:
        os.utime(path, (NOW - 3600, NOW - 3600))
        self.house.scan()
        return next(row.id for row in self.house.rows().values() if row.name == path.name)
