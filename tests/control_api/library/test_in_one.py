"""A starting process leaves alone what another one is in the middle of."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from control_api.database import Database
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.library.room import Library
from control_api.settings.service import SettingsService
from control_api.settings.store import SettingStore
from leitstand.config import Config
from tests.control_api.library.conftest import House, Killed
from tests.running import eventually


@pytest.fixture
def house(tmp_path: Path, sqlite: Database) -> House:
    root = tmp_path / "videos"
    root.mkdir()
    return House(root, sqlite)


def test_a_change_of_files_is_finished_only_by_the_leader(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    house.dies_after = len(house.steps) + 1
    with contextlib.suppress(Killed):
        house.service.rename(house.one().id, "b")
    assert house.store.intents()
    leads = threading.Event()
    events = EventService(EventStore(house.database), house.clock)
    settings = SettingsService(SettingStore(house.database), events, house.clock, studios=())
    config = Config.model_validate({"control_api": {"library": str(house.root)}})
    library = Library(
        *(config, house.database, events, settings, house.clock), is_leader=leads.is_set
    )
    library.start()
    try:
        eventually(lambda: library.worker.progress.ended_at is not None)
        assert house.store.intents()
        leads.set()
        library._look()
        eventually(lambda: not house.store.intents())
        assert "b.mkv" in house.files()
    finally:
        library.stop()
