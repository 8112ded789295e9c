"""The version that recorded in its control API, upgraded in the middle of a window.

That version is made of the repository's history; a checkout without it skips these tests.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from leitstand.demo.obs import DemoObs
from tests.deploy.machine import ROOT, Machine, changed
from tests.running import eventually

BEFORE = "2ecb8b67215177dc93a968f3af811a7b92d382a4"
"""The last commit without a recorder."""
TOKEN = "an-admin-of-tests"
ZONE = ZoneInfo("Europe/Berlin")
_WINDOW_SECONDS = 3600


class Service:
    """The API of an installation, and its only studio."""

    def __init__(self, machine: Machine) -> None:
        self._url = f"http://127.0.0.1:{machine.ports[1]}/api"
        self._headers = {"Authorization": f"Bearer {TOKEN}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method, f"{self._url}{path}", json=body, headers=self._headers, timeout=60
        )
        assert answer.ok, answer.text
        return answer.json()["data"]

    def recording(self) -> dict[str, Any]:
        """The only one that there is, as the list has it."""
        (one,) = self.call("GET", "/recordings")
        return dict(one)

    @property
    def status(self) -> dict[str, Any]:
        (one,) = self.call("GET", "/recordings/status")
        return dict(one)

    def becomes(self, **wanted: Any) -> dict[str, Any]:
        """The status when all of this is so."""
        return eventually(lambda: s if wanted.items() <= (s := self.status).items() else {}, 60)

    def run(self, schedule: int) -> dict[str, Any]:
        """What became of the window so far; nothing before it has begun."""
        found = self.call("GET", f"/schedules/{schedule}/runs")
        return dict(found[0]) if found else {}


def window(seconds: float) -> dict[str, Any]:
    """A schedule with one window, which begins now."""
    start = datetime.fromtimestamp(int(time.time()), ZONE)
    end = start + timedelta(seconds=seconds)
    return {
        "title": "The evening",
        "weekdays": [],
        "add": [start.date().isoformat()],
        "start": start.strftime("%H:%M:%S"),
        "end": end.strftime("%H:%M:%S"),
        "timezone": ZONE.key,
    }


def ends_at(moment: float) -> dict[str, str]:
    return {"end": datetime.fromtimestamp(int(moment), ZONE).strftime("%H:%M:%S")}


def before(machine: Machine) -> Path:
    """The source of the last version without a recorder."""
    tree = machine.folder_for_source()
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", BEFORE], capture_output=True, check=False
    )
    if archive.returncode != 0:
        pytest.skip(f"the history of this checkout does not reach back to {BEFORE[:7]}")
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
    return tree


@pytest.fixture
def obs(tmp_path: Path) -> Iterator[DemoObs]:
    folder = tmp_path / "recordings"
    folder.mkdir()
    with DemoObs(folder, fps=10, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture
def machine(tmp_path: Path, obs: DemoObs) -> Iterator[Machine]:
    """The old version runs, and records the evening."""
    made = Machine(tmp_path / "machine")
    studio = {"name": "stage", "port": obs.port, "recordings": str(tmp_path / "recordings")}
    made.configure(obs=[studio], control_api={"admin_token": TOKEN, "timezone": ZONE.key})
    try:
        done = made.run(before(made), "install.sh")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made
    finally:
        made.end()


def test_a_recording_goes_on_through_the_upgrade(machine: Machine, obs: DemoObs) -> None:
    service = Service(machine)
    schedule = service.call("POST", "/schedules", window(_WINDOW_SECONDS))["id"]
    service.becomes(verified=True)
    old, file = service.recording(), obs.recording
    assert file is not None

    done = machine.run(machine.source(), "upgrade.sh")
    assert done.returncode == 0, done.stdout + done.stderr

    service.becomes(verified=True)
    assert obs.recording == file
    assert (obs.requests["StartRecord"], obs.requests["StopRecord"]) == (1, 0)
    new = service.recording()
    for key in ("id", "file", "origin", "title", "start", "evening", "state"):
        assert new[key] == old[key], key
    assert (new["title"], new["origin"]) == ("The evening", "schedule")

    service.call("PATCH", f"/schedules/{schedule}", ends_at(time.time() + 3))
    run = eventually(lambda: r if (r := service.run(schedule))["outcome"] != "running" else {}, 60)
    eventually(lambda: obs.recording is None, 60)
    assert (obs.requests["StartRecord"], obs.requests["StopRecord"]) == (1, 1)
    assert run["outcome"] == "recorded", run
    assert {gap["reason_code"] for gap in run["gaps"]} <= {"starting"}, run


def test_going_back_in_a_window_costs_nothing_either(machine: Machine, obs: DemoObs) -> None:
    service = Service(machine)
    service.call("POST", "/schedules", window(_WINDOW_SECONDS))
    service.becomes(verified=True)
    old = service.recording()["id"]
    tree = changed(machine.source())
    exporter = tree / "exporter/service.py"
    exporter.write_text("raise SystemExit('this version does not run')\n")

    done = machine.run(tree, "upgrade.sh", PATIENCE="30")
    assert done.returncode == 1, done.stdout
    assert "runs as before" in done.stderr
    eventually(machine.is_healthy, 60)

    service.becomes(verified=True)
    assert service.recording()["id"] == old
    assert (obs.requests["StartRecord"], obs.requests["StopRecord"]) == (1, 0)
    units = machine.root / "etc/systemd/system"
    assert not (units / "leitstand-recorder.service").exists()
    assert not (machine.state / "recorder").exists(), "the next upgrade would believe it"

    done = machine.run(machine.source(), "upgrade.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    service.becomes(verified=True)
    assert (obs.requests["StartRecord"], obs.requests["StopRecord"]) == (1, 0)
    assert service.recording()["id"] == old
