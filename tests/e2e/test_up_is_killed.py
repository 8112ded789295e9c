"""`leitstand up` is killed: the recorder goes on, and the next `leitstand up` takes its place."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
import yaml

from leitstand.demo.obs import DemoObs
from tests.running import Process, eventually, free_port, leitstand

TOKEN = "an-admin-of-tests"
HANG = 60.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


class Up:
    """`leitstand up` of one configuration."""

    def __init__(self, folder: Path, obs_port: int) -> None:
        self.lock = folder / "state" / "recorder.lock"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.file = folder / "leitstand.yml"
        config = {
            "exporter": {"listen": f"127.0.0.1:{free_port()}"},
            "obs": [{"name": "stage", "port": obs_port, "recordings": str(folder / "recordings")}],
            "control_api": {
                "listen": self.url.removeprefix("http://"),
                "state": str(folder / "state"),
                "admin_token": TOKEN,
            },
            "recorder": {"runtime": str(folder / "run")},
        }
        self.file.write_text(yaml.safe_dump(config))
        self.process = self.start()

    def start(self) -> Process:
        self.process = Process(leitstand("up", "--config", str(self.file)))
        eventually(self.answers, HANG)
        return self.process

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/api/ping", timeout=5).ok
        except requests.RequestException:
            return False

    def call(self, method: str, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = {} if method == "POST" else None
        return requests.request(
            method, f"{self.url}/api{path}", headers=headers, json=body, timeout=30
        )

    def status(self) -> dict[str, object]:
        (one,) = self.call("GET", "/recordings/status").json()["data"]
        return dict(one)

    @property
    def recorder(self) -> int:
        """The process that holds the recorder's lock."""
        return int(json.loads(self.lock.read_text())["pid"])


def test_the_recorder_survives_and_the_next_one_goes_on(demo: DemoObs, tmp_path: Path) -> None:
    up = Up(tmp_path, demo.port)
    eventually(lambda: up.status()["connected"], HANG)
    assert up.call("POST", "/recordings/start").ok
    file = eventually(lambda: s["file"] if (s := up.status())["verified"] else None, HANG)
    first = up.recorder
    killed = up.process
    killed.send(signal.SIGKILL)
    eventually(lambda: not up.answers(), HANG)
    assert psutil.pid_exists(first)
    assert up.recorder == first

    up.start()
    assert up.recorder != first
    eventually(lambda: not psutil.pid_exists(first), HANG)
    # Only now has everything ended that it had started.
    killed.end()
    after = eventually(lambda: s if (s := up.status())["recording"] else None, HANG)
    assert (after["file"], after["faults"]) == (file, [])
    assert demo.requests["StartRecord"] == 1

    second = up.recorder
    up.process.send(signal.SIGINT)
    assert up.process.wait(HANG) == 0
    assert not psutil.pid_exists(second)
    # OBS goes on with what it does.
    assert demo.requests["StopRecord"] == 0
    assert demo.recording is not None


def test_a_recorder_that_is_killed_is_back_within_seconds(demo: DemoObs, tmp_path: Path) -> None:
    up = Up(tmp_path, demo.port)
    eventually(lambda: up.status()["connected"], HANG)
    first = up.recorder
    psutil.Process(first).kill()
    eventually(lambda: up.recorder != first, HANG)
    eventually(lambda: up.status()["connected"], HANG)
    up.process.send(signal.SIGINT)
    assert up.process.wait(HANG) == 0
