"""A real Alertmanager on the shipped configuration, as `leitstand alertmanager-config` fills it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import yaml

from leitstand import config
from leitstand.notify import render
from tests.alertmanager.hurry import ROOT, hurried
from tests.alertmanager.sinks import PASSWORD, USER, Hook, Mailbox
from tests.conftest import program
from tests.running import eventually, free_port, process

Labels = Mapping[str, str]
Change = Callable[[dict[str, Any]], object]
NAMES = ("alertmanager", "prometheus-alertmanager")


def alertmanager_program() -> str:
    """Under its own name or Debian's; without it the test is skipped, in CI it fails."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or program(NAMES[-1])


def settings(mail: Mailbox, hook: Hook) -> dict[str, Any]:
    """`notify:` for these sinks, and for an Alertmanager on a free port."""
    return {
        "email": {
            "smarthost": f"localhost:{mail.port}",
            "sender": "leitstand@example.org",
            "to": ["crew@example.org"],
            "admins": ["admins@example.org"],
            "username": USER,
            "password": PASSWORD,
            "ca_file": str(mail.ca_file),
        },
        "slack": {"url": f"{hook.url}/slack"},
        "heartbeat_url": f"{hook.url}/beat",
        "quiet_hours": "off",
        "runbooks": "https://docs.example.org/leitstand",
        "alertmanager": f"http://127.0.0.1:{free_port()}",
    }


class House:
    """Its API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, *alerts: Mapping[str, str]) -> None:
        """Alerts that fire from now on, by their labels."""
        body = [{"labels": dict(labels)} for labels in alerts]
        requests.post(f"{self.url}/api/v2/alerts", json=body, timeout=5).raise_for_status()

    def tell(self, labels: Sequence[Labels], annotations: Labels, *, is_over: bool = False) -> None:
        """As Prometheus does: alerts with what they have to say, that fire or just ended."""
        end = {"endsAt": datetime.now(UTC).isoformat()} if is_over else {}
        body = [{"labels": each, "annotations": annotations, **end} for each in labels]
        requests.post(f"{self.url}/api/v2/alerts", json=body, timeout=5).raise_for_status()

    def clear(self) -> None:
        """End all that fires."""
        over = [
            {"labels": each["labels"], "endsAt": "2020-01-01T00:00:00Z"} for each in self._all()
        ]
        requests.post(f"{self.url}/api/v2/alerts", json=over, timeout=5).raise_for_status()
        eventually(lambda: not self._all())

    def state_of(self, labels: Mapping[str, str]) -> str:
        """active or suppressed; empty if it does not know it, or not yet what to do with it."""
        states = [each["status"]["state"] for each in self._all() if each["labels"] == labels]
        return "" if states in ([], ["unprocessed"]) else str(states[0])

    def _all(self) -> Any:
        return requests.get(f"{self.url}/api/v2/alerts", timeout=5).json()

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=1).ok
        except requests.RequestException:
            return False


@contextlib.contextmanager
def running(
    folder: Path,
    notify: Mapping[str, Any],
    *,
    factor: float = 1.0,
    change: Change | None = None,
) -> Iterator[House]:
    """At notify's address, durations divided by `factor`, with what `change` does to the file."""
    folder.mkdir(parents=True, exist_ok=True)
    read = config.Config.model_validate({"notify": notify})
    file = render.write(render.files(ROOT / "alertmanager", read, folder), folder)
    raw = hurried(yaml.safe_load(file.read_text()), factor)
    if change is not None:
        change(raw)
    file.write_text(yaml.safe_dump(raw, sort_keys=False))
    house = House(read.notify.alertmanager)
    command = [
        alertmanager_program(),
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={house.url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    with process(command):
        eventually(house.is_ready)
        yield house
