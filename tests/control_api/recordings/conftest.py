"""A recorder and a whole control API without its HTTP server, over a demo OBS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.bootstrap import ControlApi
from control_api.recorder.service import Recorder
from leitstand.config import Config
from leitstand.demo.obs import DemoObs

TOKEN = "an-admin-of-tests"


def configured(folder: Path, port: int, recordings: Path, **more: Any) -> Config:
    """The studio "stage" and maybe `more` by name; everything else in the folder."""
    stage = {"name": "stage", "port": port, "recordings": recordings}
    return Config.model_validate(
        {
            "obs": [stage, *({"name": name, **each} for name, each in more.items())],
            "control_api": {
                "state": folder / "state",
                "listen": "127.0.0.1:0",
                "timezone": "Europe/Berlin",
                "admin_token": TOKEN,
            },
            "recorder": {"runtime": folder / "run"},
        }
    )


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    # Small clusters: the file is seen to grow at once.
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture
def config(demo: DemoObs, tmp_path: Path) -> Config:
    return configured(tmp_path, demo.port, tmp_path / "recordings")


@pytest.fixture
def recorder(config: Config) -> Iterator[Recorder]:
    recorder = Recorder(config)
    recorder.start()
    yield recorder
    recorder.stop()


@pytest.fixture
def control(config: Config, recorder: Recorder) -> Iterator[ControlApi]:
    control = ControlApi(config)
    control.start()
    yield control
    control.stop()


@pytest.fixture
def call(control: ControlApi) -> Callable[..., tuple[int, dict[str, object]]]:
    """`call("POST", "/recordings/start", {...})` -> status and body, as an admin."""
    client = TestClient(control.app, headers={"Authorization": f"Bearer {TOKEN}"})

    def send(method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        answer = client.request(method, f"/api{path}", json=body)
        return answer.status_code, answer.json()

    return send
