"""Clips over a library with two real videos of one evening, and a queue that nobody works at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.clips.links import LinkService
from control_api.clips.logo import LogoService
from control_api.clips.room import Clips
from control_api.clips.store import ClipStore
from control_api.clips.tables import ClipRow
from control_api.database import Database
from control_api.jobs.service import JobService
from control_api.jobs.settling import attempt_params
from control_api.jobs.store import JobStore
from control_api.library.probing import Probe
from control_api.library.service import LibraryService
from control_api.settings.memory import Memory
from control_api.settings.store import SettingStore
from tests.control_api.library.conftest import BERLIN, House
from tests.leitstand.cut.media import Recipe, record

RECIPE = Recipe(options={"g": "25", "keyint_min": "25", "sc_threshold": "0"}, seconds=10)
PROBED = Probe(10.0, [{"kind": "video"}, {"kind": "audio"}])
"""What would be found, without a process each time."""
NAMES = ("2026-11-20 20-00-00.mkv", "2026-11-20 20-00-30.mkv")


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, a key frame a second."""
    return record(tmp_path_factory.mktemp("footage") / "video.mkv", RECIPE)


@dataclass
class Room:
    house: House
    folder: Path
    serve: Callable[..., TestClient]
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        database, clock = self.house.database, self.house.clock
        memory = Memory(SettingStore(database), clock)
        self.clips = Clips(database, self.house.service, memory, self.folder / "clips", clock)
        kinds = {self.clips.kind.name: self.clips.kind}
        self.jobs = JobService(
            JobStore(database), kinds, clock, workers=lambda: 0, most_queued=lambda: 20, zone=BERLIN
        )
        self.client = self.as_(Role.ADMIN)

    def as_(self, role: Role) -> TestClient:
        provided = {
            **self.clips.provided,
            JobService: self.jobs,
            LibraryService: self.house.service,
        }
        return self.serve(provided, role)

    @property
    def links(self) -> LinkService:
        links = self.clips.provided[LinkService]
        assert isinstance(links, LinkService)
        return links

    @property
    def logo(self) -> LogoService:
        logo = self.clips.provided[LogoService]
        assert isinstance(logo, LogoService)
        return logo

    def known(self, path: Path) -> str:
        """The id of a file that was put into the library."""
        os.utime(path, (self.house.clock.time - 3600,) * 2)
        self.house.scan()
        return next(row.id for row in self.house.rows().values() if row.name == path.name)

    def params(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the first attempt is given for an order that must be good."""
        answer = self.client.post("/api/clips", json=body)
        assert answer.status_code == 202, answer.text
        return attempt_params(self.jobs.get(answer.json()["data"]["id"]), 1)

    def refused(self, body: Any) -> tuple[int, str]:
        """Status and sentence; nothing may have been written."""
        before = len(self.jobs.all()), sorted(self.folder.rglob("*"))
        answer = self.client.post("/api/clips", json=body)
        assert (len(self.jobs.all()), sorted(self.folder.rglob("*"))) == before
        return answer.status_code, str(answer.json().get("detail", answer.text))

    def clip(self, id: str = "0123456789abcdef") -> ClipRow:
        """One that is done."""
        row = ClipRow(
            id=id,
            name=f"{id}.mp4",
            title="A",
            studio=None,
            start=None,
            duration=1.0,
            size=1,
            mode_used="exact",
            verified=True,
            reason="",
            notes=[],
            spans=[],
            by="tester",
            created_at=self.house.clock.now(),
        )
        ClipStore(self.house.database).save(row)
        return row


@pytest.fixture
def room(tmp_path: Path, sqlite: Database, serve: Callable[..., TestClient], footage: Path) -> Room:
    root = tmp_path / "videos"
    root.mkdir()
    (tmp_path / "state").mkdir()
    made = Room(House(root, sqlite, probe=lambda _: PROBED), tmp_path / "state", serve)
    made.ids = [made.known(Path(shutil.copyfile(footage, root / name))) for name in NAMES]
    return made
