"""A library with real small videos in it, and the routes for pictures over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.frames.reading import Reader
from control_api.frames.service import FrameService
from control_api.frames.store import StripStore
from control_api.library.service import LibraryService
from tests.control_api.library.conftest import House
from tests.control_api.library.videos import GOP, Shelf, Videos, database, house, shelf
from tests.leitstand.cut.media import Recipe, number_of

__all__ = ["database", "house", "shelf"]

BEGAN = "2026-11-22 20-31-10"
PLAIN = Recipe(options=GOP, seconds=4, audio=())


@dataclass
class Room(Videos):
    """Asks over HTTP; `reader` may be one that does not work as it should."""

    cache: Path
    reader: Reader = field(default_factory=Reader)

    def client(self, role: Role = Role.VIEWER, most_bytes: int = 10**9) -> TestClient:
        frames = FrameService(self.house.service, self.reader, StripStore(self.cache, most_bytes))
        return self.serve({FrameService: frames, LibraryService: self.house.service}, role)

    def put(self, name: str, recipe: Recipe = PLAIN) -> str:
        """The id of a video that was recorded then."""
        return self.put_recipe(name, recipe)

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
    shelf: Shelf,
    tmp_path: Path,
) -> Room:
    return Room(house, serve, shelf, tmp_path / "cache" / "strips")


def gray(content: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture
