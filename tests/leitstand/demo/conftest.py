"""The recorded answers, and a demo server whose clock the test moves."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from leitstand.demo.mediamtx import DemoMediaMTX
from leitstand.demo.world import World

START = 1_800_000_000.0

Get = Callable[..., "Response"]


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def recorded_dir() -> Path:
    return Path(__file__).parents[2] / "fixtures" / "mediamtx"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(clock: Clock) -> Iterator[DemoMediaMTX]:
    with DemoMediaMTX(World.standard(), clock=clock) as server:
        yield server


@pytest.fixture
def get(demo: DemoMediaMTX) -> Get:
    def fetch(path: str, **headers: str) -> Response:
        return fetch_from(demo, path, **headers)

    return fetch


def fetch_from(demo: DemoMediaMTX, path: str, **headers: str) -> Response:
    connection = http.client.HTTPConnection(demo.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return Response(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
