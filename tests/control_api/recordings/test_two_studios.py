"""Two studios: each is recorded by itself, and one that hangs does not hold up the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from leitstand.demo.obs import DemoObs
from leitstand.demo.obs.faults import Fault
from tests.control_api.recordings.conftest import TOKEN, configured
from tests.control_api.services import running
from tests.running import eventually


@pytest.fixture
def second(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "second"
    recordings.mkdir()
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture
def client(demo: DemoObs, second: DemoObs, tmp_path: Path) -> Iterator[TestClient]:
    foyer = {"port": second.port, "recordings": tmp_path / "second"}
    config = configured(tmp_path, demo.port, tmp_path / "recordings", foyer=foyer)
    with running(config) as control:
        yield TestClient(control.app, headers={"Authorization": f"Bearer {TOKEN}"})


def recording(client: TestClient) -> dict[str, bool]:
    answer: Any = client.get("/api/recordings/status").json()["data"]
    return {one["studio"]: one["recording"] for one in answer}


def test_each_is_recorded_by_itself(
    client: TestClient, demo: DemoObs, second: DemoObs, tmp_path: Path
) -> None:
    answer = client.post("/api/recordings/start", json={})
    assert answer.status_code == 422
    assert "there are: stage, foyer" in answer.json()["detail"]
    assert client.post("/api/recordings/start", json={"studio": "bar"}).status_code == 404

    # One hangs: the other answers all the same.
    demo.faults.add(Fault.HANG)
    answer = client.post("/api/recordings/start", json={"studio": "foyer"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["studio"] == "foyer"
    assert client.post("/api/recordings/start", json={"studio": "stage"}).status_code == 503
    demo.faults.clear()
    assert recording(client) == {"stage": False, "foyer": True}
    stopped = client.post("/api/recordings/stop", json={"studio": "foyer"}).json()["data"]
    assert (tmp_path / "second" / stopped["file"]).exists()
    eventually(lambda: client.get("/api/recordings/status").json()["data"][0]["connected"])
