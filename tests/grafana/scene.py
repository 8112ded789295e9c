"""Everything a dashboard may ask for: the real services over the demo, and a Prometheus over them.

What only happens at times is made to happen: links that lose, a forward that fails, a path that is
offline, a stream, a recording in progress, one that is over, a clip, alerts of each kind.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import yaml

from leitstand.demo.mediamtx import DemoMediaMTX
from leitstand.demo.obs import DemoObs
from tests.conftest import program
from tests.running import Process, eventually, free_port, leitstand, process
from tests.venue import TOKEN, Venue, venue

SHIPPED = Path(__file__).parents[2] / "prometheus" / "prometheus.yml"

_FIRING = {
    "path": "mediamtx_path_expected == 1",
    "studio": "obs_up == 1",
    "recording": "obs_record_active >= 0",
    "host": "host_load1 >= 0",
    "monitoring": "up == 1",
}
RULES = {
    "groups": [
        {
            "name": "scene",
            "rules": [
                {"alert": "Watchdog", "expr": "vector(1)", "labels": {"severity": "none"}},
                *(
                    {
                        "alert": f"Scene{subject.title()}",
                        "expr": expr,
                        "labels": {"severity": "warning", "subject": subject},
                    }
                    for subject, expr in _FIRING.items()
                ),
            ],
        }
    ]
}
"""An alert of each subject that a dashboard shows, and the one that always fires."""

ALERTMANAGER = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


class Prometheus:
    """What the real one answers."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self._url}/-/ready", timeout=1).ok
        except requests.RequestException:
            return False

    def ask(self, endpoint: str, **parameters: str) -> Any:
        """Fails where Prometheus does not understand the question."""
        answer = requests.get(f"{self._url}/api/v1/{endpoint}", params=parameters, timeout=10)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def values(self, expr: str) -> list[float]:
        """The newest values; those that are no number left out."""
        found = [float(one["value"][1]) for one in self.ask("query", query=expr)["result"]]
        return [value for value in found if value == value]

    def labels(self, series: str, label: str) -> list[str]:
        listed: list[str] = self.ask(f"label/{label}/values", **{"match[]": series})
        return listed


@contextlib.contextmanager
def scene(folder: Path) -> Iterator[Prometheus]:
    recordings = folder / "recordings"
    recordings.mkdir()
    with (
        DemoMediaMTX() as mediamtx,
        DemoObs(recordings, fps=10, size=(160, 90), cluster_seconds=0.5) as obs,
        venue(folder, obs.port, recordings) as house,
        _exporter(folder, mediamtx.url, obs.port) as exporter,
        _alertmanager(folder) as alertmanager,
    ):
        file = _with_library(folder)
        house.start_recorder()
        house.service = Process(leitstand("api", "--config", file))
        house.service.find(r"control API .* at (http://\S+)", within=60)
        targets = {"leitstand-exporter": exporter, "alertmanager": alertmanager}
        targets["leitstand-api"] = house.url.removeprefix("http://")
        with _prometheus(folder, targets) as prometheus:
            house.becomes(connected=True)
            obs.do("StartStream")
            _evening(house)
            yield prometheus


def _with_library(folder: Path) -> str:
    """A venue has none beside its studio's folder; its disk is a series of its own."""
    file, library = folder / "leitstand.yml", folder / "library"
    library.mkdir()
    config = yaml.safe_load(file.read_text())
    config["control_api"]["library"] = str(library)
    file.write_text(yaml.safe_dump(config))
    return str(file)


def _evening(house: Venue) -> None:
    """A recording that is over, a clip of it, one that runs, and one that is to come."""
    house.window(starts_in=3600, seconds=600)
    house.call("POST", "/recordings/start", {"title": "First"})
    house.becomes(verified=True)
    time.sleep(3)
    house.call("POST", "/recordings/stop", {})
    (video,) = eventually(lambda: _ready(house))
    house.call("POST", "/clips", {"video_id": video["id"], "start": 0.5, "end": 1.5})
    house.call("POST", "/recordings/start", {"title": "Second"})
    house.becomes(verified=True)


def _ready(house: Venue) -> list[dict[str, Any]]:
    items = house.call("GET", "/videos")["items"]
    return [item for item in items if item["state"] == "ready"]


@contextlib.contextmanager
def _exporter(folder: Path, mediamtx: str, obs_port: int) -> Iterator[str]:
    expected = ["stage", "cam/left", "cam/balcony", "never/there"]
    config = {
        "exporter": {"listen": "127.0.0.1:0", "poll_interval": "1s", "slow_interval": "2s"},
        "mediamtx": [{"name": "main", "url": mediamtx, "expected_paths": expected}],
        "obs": [{"name": "stage", "port": obs_port, "recordings": str(folder / "recordings")}],
    }
    file = folder / "exporter.yml"
    file.write_text(yaml.safe_dump(config))
    with process(leitstand("exporter", "--config", str(file))) as child:
        yield child.find(r"exporter .* at http://(\S+)")


@contextlib.contextmanager
def _alertmanager(folder: Path) -> Iterator[str]:
    file, address = folder / "alertmanager.yml", f"127.0.0.1:{free_port()}"
    file.write_text(yaml.safe_dump(ALERTMANAGER))
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with process(command):
        yield address


@contextlib.contextmanager
def _prometheus(folder: Path, targets: dict[str, str]) -> Iterator[Prometheus]:
    """The shipped configuration with these addresses, rules of its own, and a faster pace."""
    port = free_port()
    targets = targets | {"prometheus": f"127.0.0.1:{port}"}
    token, rules = folder / "token", folder / "rules.yml"
    token.write_text(TOKEN)
    rules.write_text(yaml.safe_dump(RULES))
    config = yaml.safe_load(SHIPPED.read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(rules)]
    config["alerting"] = {
        "alertmanagers": [{"static_configs": [{"targets": [targets["alertmanager"]]}]}]
    }
    for job in config["scrape_configs"]:
        job["static_configs"][0]["targets"] = [targets[job["job_name"]]]
        if "authorization" in job:
            job["authorization"] = {"credentials_file": str(token)}
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    command = [
        program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with process(command):
        found = Prometheus(port)
        eventually(found.is_ready, within=30)
        yield found
