"""Settings: read, changed, kept, back to default; over HTTP where it is HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.clock import SystemClock
from control_api.database import Database
from control_api.errors import BadInput
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.migrations.migrate import opened
from control_api.settings.fixed import fixed
from control_api.settings.memory import Memory
from control_api.settings.model import Settings
from control_api.settings.service import SettingsService
from control_api.settings.store import SettingStore
from leitstand.config import Config

SECRET = "hunter2-settings"
CONFIG = Config.model_validate(
    {
        "obs": [
            {"name": "stage", "port": 4460, "password": SECRET},
            {"name": "hall.2", "host": "10.0.0.2"},
        ],
        "control_api": {
            "timezone": "Europe/Berlin",
            "admin_token": SECRET,
            "database": f"postgresql://leitstand:{SECRET}@db/leitstand",
            "cors": ["https://example.org"],
        },
    }
)
Serve = Callable[..., TestClient]


def service_on(database: Database) -> SettingsService:
    clock = SystemClock()
    return SettingsService(
        SettingStore(database),
        EventService(EventStore(database), clock),
        clock,
        studios=[each.name for each in CONFIG.obs],
        fixed=fixed(CONFIG),
        zone=ZoneInfo(CONFIG.control_api.timezone),
    )


@pytest.fixture
def service(database: Database) -> SettingsService:
    return service_on(database)


@pytest.fixture
def client(serve: Serve, service: SettingsService) -> TestClient:
    return serve({SettingsService: service})


def listed(client: TestClient) -> dict[str, dict[str, Any]]:
    settings = client.get("/api/settings").json()["data"]["settings"]
    return {each["key"]: each for each in settings}


def test_all_are_listed_with_default_and_meaning(client: TestClient) -> None:
    settings = listed(client)
    assert settings["recording.max_duration"] == {
        "key": "recording.max_duration",
        "value": 43200.0,
        "default": 43200.0,
        "description": "longest recording by hand, unless it says its own",
        "changed_at": None,
        "changed_by": None,
    }
    assert {"studios.stage.title", "studios.hall.2.title", "shutdown.at"} <= settings.keys()
    assert all(each["description"] for each in settings.values())


def test_a_change_holds_at_once_and_says_who_made_it(
    client: TestClient, service: SettingsService
) -> None:
    heard: list[Settings] = []
    service.listen(heard.append)
    changes = {"recording.max_duration": "1h30m", "studios.hall.2.camera_input": "Kamera 2"}
    answer = client.patch("/api/settings", json=changes)
    assert answer.status_code == 200
    assert service.current.recording.max_duration == 5400
    assert service.current.studio("hall.2").camera_input == "Kamera 2"
    assert heard == [service.current]
    changed = listed(client)["recording.max_duration"]
    assert (changed["value"], changed["changed_by"]) == (5400.0, "tester")
    assert changed["changed_at"][-6:] in ("+01:00", "+02:00"), "of Berlin"


def test_a_change_is_told_with_old_and_new(
    client: TestClient, service: SettingsService, database: Database
) -> None:
    client.patch("/api/settings", json={"preview.width": 320})
    client.patch("/api/settings", json={"preview.width": 320})
    rows = EventStore(database).newest(10)
    assert [row.kind for row in rows] == ["settings_changed"], "nothing changed the second time"
    assert rows[0].data == {"by": "tester", "changes": {"preview.width": {"old": 640, "new": 320}}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recording.max_duration": 1}, "recording.max_duration: 1: must be greater than"),
        ({"recording.max_duration": "soon"}, "'soon': must be a duration such as"),
        ({"recording.max_duration": True}, "must be a duration"),
        ({"recording.max_duration": None}, "recording.max_duration: null: must be a duration"),
        ({"preview.width": "640"}, "preview.width: '640': must be a valid integer"),
        ({"preview.width": 63}, "greater than or equal to 64"),
        ({"shutdown.at": "24:00"}, "shutdown.at: '24:00': must be a time of day"),
        ({"studios.stage.guard_minutes": -1}, "studios.stage.guard_minutes: -1: must be"),
        ({"studios.hall.2.title": "a\nb"}, "studios.hall.2.title: 'a\\nb': must be one line"),
        ({"studios.stage.title": "x" * 201}, "at most 200"),
        ({"studios.stage.title": ["x"]}, "must be a valid string"),
        ({"recording.max_duratoin": 60}, "is no setting; near it: recording.max_duration"),
        ({"width": 640}, "preview.width"),
        ({"studios.nowhere.title": "x"}, "studios.stage.title"),
        ({"state.scene_before_mute.stage": "x"}, "is no setting"),
        ({"control_api.listen": "x"}, "is fixed at start: set control_api.listen in leitstand.yml"),
        ({"listen": "x"}, "LEITSTAND_CONTROL_API__LISTEN"),
        ({"studios.stage.port": 1}, "is fixed at start: set obs[].port"),
        ({"exporter.listen": "x"}, "is fixed at start"),
        ({}, "at least 1"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    client: TestClient, service: SettingsService, changes: dict[str, Any], said: str
) -> None:
    before = service.current
    answer = client.patch("/api/settings", json=changes and {"preview.interval": 5} | changes)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert service.current is before


def test_every_wrong_value_is_named(client: TestClient) -> None:
    changes = {"preview.width": 1, "preview.interval": "x"}
    detail = client.patch("/api/settings", json=changes).json()["detail"]
    assert "preview.width" in detail
    assert "preview.interval" in detail


@pytest.mark.parametrize("body", ["NaN", "1e999", '"\\ud800"', "[[]]", '{"a": 1}'])
def test_odd_json_is_refused(client: TestClient, body: str) -> None:
    for key in ("studios.stage.guard_minutes", "studios.stage.title", "preview.interval"):
        answer = client.patch(
            "/api/settings",
            content=f'{{"{key}": {body}}}',
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422, answer.text


def test_empty_text_is_null(client: TestClient, service: SettingsService) -> None:
    client.patch("/api/settings", json={"studios.stage.title": "Evening", "shutdown.at": "23:30"})
    client.patch("/api/settings", json={"studios.stage.title": "", "shutdown.at": None})
    assert service.current.studio("stage").title is None
    assert service.current.shutdown.at is None


def test_delete_is_back_to_the_default(client: TestClient, service: SettingsService) -> None:
    client.patch("/api/settings", json={"preview.width": 320, "preview.interval": 9})
    answer = client.delete("/api/settings/preview.width")
    assert answer.json()["data"]["value"] == 640
    assert answer.json()["data"]["changed_by"] is None
    assert (service.current.preview.width, service.current.preview.interval) == (640, 9)
    assert client.delete("/api/settings/preview.widht").status_code == 404
    assert client.delete("/api/settings/control_api.listen").status_code == 422


def test_a_restart_finds_what_was_set(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'leitstand.db'}"
    first = opened(url)
    service_on(first).change({"studios.hall.2.title": "Halle", "shutdown.grace": "2m"}, "a")
    service_on(first).reset("shutdown.grace", "a")
    first.close()
    again = opened(url)
    settings = service_on(again)
    assert settings.current.studio("hall.2").title == "Halle"
    assert settings.current.shutdown.grace == 60
    again.close()


def test_a_kept_value_that_is_not_valid_any_more_gives_way_to_the_default(
    database: Database,
) -> None:
    service_on(database).change({"preview.width": 320, "preview.interval": 3}, "a")
    store = SettingStore(database)
    (width,) = [row for row in store.all() if row.key == "preview.width"]
    width.value = 5
    store.put([width])
    assert service_on(database).current.preview.width == 640
    assert service_on(database).current.preview.interval == 3


def test_memory_is_kept_beside_the_settings_and_is_none(database: Database) -> None:
    memory = Memory(SettingStore(database), SystemClock())
    memory.keep("scene_before_mute.stage", {"scene": "Main"})
    settings = service_on(database)
    assert all(not each.key.startswith("state.") for each in settings.all())
    with pytest.raises(BadInput):
        settings.reset("control_api.state", "a")
    assert memory.recall("scene_before_mute.stage") == {"scene": "Main"}
    memory.forget("scene_before_mute.stage")
    assert memory.recall("scene_before_mute.stage") is None


def test_what_was_fixed_at_start_is_shown_without_secrets(client: TestClient) -> None:
    answer = client.get("/api/settings")
    shown = {each["key"]: each for each in answer.json()["data"]["fixed"]}
    assert shown["control_api.timezone"]["value"] == "Europe/Berlin"
    assert shown["obs[1].host"]["value"] == "10.0.0.2"
    assert shown["obs[1].host"]["variable"] == "LEITSTAND_OBS__1__HOST"
    assert shown["control_api.tls"]["value"] is False
    assert SECRET not in json.dumps(answer.json())


def test_only_an_admin_changes(serve: Serve, service: SettingsService) -> None:
    provided = {SettingsService: service}
    assert serve(provided, Role.VIEWER).get("/api/settings").status_code == 200
    operator = serve(provided, Role.OPERATOR)
    assert operator.patch("/api/settings", json={"preview.width": 320}).status_code == 403
    assert operator.delete("/api/settings/preview.width").status_code == 403
