"""A shop that is open: its dispatcher runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.database import Database
from tests.control_api.jobs.shop import Shop


@pytest.fixture
def closed(database: Database, tmp_path: Path) -> Shop:
    """One that has not started."""
    return Shop(database, tmp_path)


@pytest.fixture
def shop(closed: Shop) -> Iterator[Shop]:
    closed.jobs.start()
    yield closed
    closed.jobs.stop()
