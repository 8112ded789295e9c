"""A house on SQLite; where what the database does is decisive, one on each database."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.database import Database, opened
from tests.control_api.auth.house import House


@pytest.fixture
def sqlite(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copy(migrated, tmp_path / "house.db")
    with contextlib.closing(opened(f"sqlite:///{file}")) as database:
        yield database


@pytest.fixture
def house(sqlite: Database) -> House:
    return House(sqlite)


@pytest.fixture
def houses(database: Database) -> House:
    """One on each database."""
    return House(database)
