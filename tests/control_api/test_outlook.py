"""What is seen of the running service, through its own server and beside a demo OBS."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from control_api.auth.access import Role
from control_api.bootstrap import ControlApi
from leitstand.config import Config
from leitstand.demo.obs import DemoObs
from tests.control_api.services import running
from tests.running import eventually, scrape


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    folder = tmp_path / "recordings"
    folder.mkdir()
    with DemoObs(folder, cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture
def api(tmp_path: Path, demo: DemoObs) -> Iterator[ControlApi]:
    folder = str(tmp_path / "recordings")
    config = {
        "obs": [{"name": "stage", "port": demo.port, "recordings": folder}],
        "control_api": {
            "state": str(tmp_path / "state"),
            "listen": "127.0.0.1:0",
            "library": folder,
            "shutdown_command": ["touch", str(tmp_path / "off")],
        },
        "recorder": {"runtime": str(tmp_path / "run")},
    }
    with running(Config.model_validate(config)) as api:
        yield api


@pytest.fixture
def admin(api: ControlApi) -> Iterator[requests.Session]:
    with requests.Session() as session:
        secret = api.auth.create("test", Role.ADMIN, "test").secret
        session.headers["Authorization"] = f"Bearer {secret}"
        yield session


def record(api: ControlApi, admin: requests.Session) -> None:
    assert admin.post(f"{api.url}/api/recordings/start", json={}).ok
    eventually(lambda: scrape(api.url, admin)['leitstand_recording_active{studio="stage"}'] == 1)


def health(api: ControlApi, admin: requests.Session) -> Any:
    return admin.get(f"{api.url}/api/health", timeout=10)


def test_health_is_degraded_without_obs_and_down_while_it_is_needed(
    api: ControlApi, admin: requests.Session, demo: DemoObs
) -> None:
    eventually(lambda: health(api, admin).json()["data"]["status"] == "ok")
    assert set(requests.get(f"{api.url}/api/health", timeout=10).json()["data"]["checks"]) == {
        "database",
        "scheduler",
        "library",
        "disk",
        "obs",
        "journal",
        "recorder",
        "studio",
        "schedules",
    }
    demo.kill()
    eventually(lambda: health(api, admin).json()["data"]["status"] == "degraded")
    assert health(api, admin).status_code == 200
    demo.start()
    eventually(lambda: health(api, admin).json()["data"]["status"] == "ok")
    record(api, admin)
    demo.kill()
    eventually(lambda: health(api, admin).status_code == 503)
    assert "obs stage" in health(api, admin).json()["detail"]


def test_the_preview_has_its_route(api: ControlApi, admin: requests.Session) -> None:
    answer = admin.get(f"{api.url}/api/recordings/preview", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")


def test_metrics_show_a_recording_and_the_requests(
    api: ControlApi, admin: requests.Session
) -> None:
    record(api, admin)
    seconds = 'leitstand_recording_verified_seconds_total{studio="stage"}'
    eventually(lambda: scrape(api.url, admin)[seconds] > 0)
    series = scrape(api.url, admin)
    assert series['leitstand_recording_desired{studio="stage"}'] == 1
    assert series['leitstand_schedule_seconds_next_day{studio="stage"}'] == 0
    started = 'leitstand_http_requests_total{method="POST",route="/api/recordings/start",status='
    assert [value for name, value in series.items() if name.startswith(started)] == [1]
    assert requests.get(f"{api.url}/metrics", timeout=10).status_code == 401


def test_a_recording_is_heard_of_live_and_in_the_log(
    api: ControlApi, admin: requests.Session
) -> None:
    headers = {"Authorization": str(admin.headers["Authorization"])}
    url = api.url.replace("http", "ws")
    with connect(f"{url}/api/events/live", additional_headers=headers) as stream:
        assert json.loads(stream.recv())["type"] == "hello"
        record(api, admin)
        event = json.loads(stream.recv(timeout=10))
    assert (event["kind"], event["studio"]) == ("recording_started", "stage")
    logging.getLogger("tests").error("written down")
    lines = admin.get(f"{api.url}/api/admin/logs/api.log", timeout=10).json()["data"]
    assert "written down" in [line["message"] for line in lines]


def test_the_machine_stays_on_while_it_records(
    api: ControlApi, admin: requests.Session, tmp_path: Path
) -> None:
    url = f"{api.url}/api/admin/shutdown"
    record(api, admin)
    refused = admin.post(url, json={"delay": 0}, timeout=10)
    assert refused.status_code == 409
    assert "stage" in refused.json()["detail"]
    admin.post(f"{api.url}/api/recordings/stop", json={}, timeout=30)
    eventually(lambda: admin.post(url, json={"delay": 0}, timeout=10).ok)
    eventually((tmp_path / "off").exists)
