"""A library whose videos get their evenings when they arrive, and the routes over them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.database import Database
from control_api.evenings.accounts import LateAccounts
from control_api.evenings.assign import Assigner
from control_api.evenings.service import EveningService
from control_api.evenings.store import EveningStore
from control_api.library.folders import Folder
from control_api.library.intake import Intake
from control_api.library.probing import Probe
from control_api.library.scan import Scanner
from control_api.library.service import LibraryService
from control_api.library.tables import VideoRow
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
from tests.control_api.library.conftest import BERLIN, House


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=BERLIN).timestamp()


@dataclass
class Venue:
    """`house` with evenings; lengths of its videos in minutes by name."""

    house: House
    serve: Callable[..., TestClient]

    def __post_init__(self) -> None:
        house = self.house
        self.minutes: dict[str, float] = {}
        self.fingerprint: dict[str, Any] | None = None
        house.folders._by_key["library"] = Folder("library", house.root, "stage")
        self.store = EveningStore(house.database)
        self.assigner = Assigner(self.store, house.store, house.changes, BERLIN)
        self.accounts = LateAccounts(self.store, self.assigner)
        intake = Intake(
            house.store,
            house.changes,
            lambda path: Probe(self.minutes[path.name] * 60, fingerprint=self.fingerprint),
            clock=house.clock,
            zone=BERLIN,
            tell=lambda *_, **__: None,
            settled=self.assigner.assign,
        )
        house.scanner = Scanner(house.store, house.folders, house.changes, intake, house.clock)
        timelines = Timelines(TimelineStore(house.database))
        self.service = EveningService(self.store, timelines, house.service)
        self.client = self.serve({EveningService: self.service, LibraryService: house.service})

    def record(self, *videos: tuple[str, float]) -> None:
        """Put videos into the folder, `("20 19:50", 10)`, and scan."""
        for begin, minutes in videos:
            name = f"2026-11-{begin.replace(':', '-')}-00.mkv"
            self.minutes[name] = minutes
            path = self.house.root / name
            path.write_bytes(name.encode())
            os.utime(path, (self.house.clock.time - 3600,) * 2)
        self.house.scan()

    def row(self, begin: str) -> VideoRow:
        name = f"2026-11-{begin.replace(':', '-')}-00.mkv"
        row = self.house.store.by_name("library", name)
        assert row is not None
        return row

    def evenings(self, **query: Any) -> list[dict[str, Any]]:
        """Over HTTP, the latest first."""
        answer = self.client.get("/api/evenings", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"]["items"])

    def shown(self, id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/evenings/{id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])


@pytest.fixture
def venue(tmp_path: Path, database: Database, serve: Callable[..., TestClient]) -> Venue:
    root = tmp_path / "videos"
    root.mkdir()
    return Venue(House(root, database), serve)
