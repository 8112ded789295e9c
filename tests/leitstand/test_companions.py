"""Prometheus and Alertmanager beside the services: found, told everything, ended with them."""

from __future__ import annotations

import contextlib
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import yaml

from leitstand import companions
from leitstand.config import Config, ConfigError
from tests.alertmanager.house import alertmanager_program
from tests.alertmanager.hurry import ROOT
from tests.conftest import program
from tests.leitstand.conftest import Write
from tests.running import eventually, free_port, leitstand, process

LISTENS = {"prometheus": "127.0.0.1:9090", "alertmanager": "127.0.0.1:9093"}
HASH = "$2b$10$" + "a" * 21 + "e" + "b" * 31


def test_both_are_found_under_either_name() -> None:
    there = {"prometheus": "/p", "prometheus-alertmanager": "/d"}
    assert companions.programs(there.get) == companions.Programs("/p", "/d")
    there["alertmanager"] = "/a"
    assert companions.programs(there.get).alertmanager == "/a"


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ((), "prometheus and alertmanager"),
        (("prometheus",), "alertmanager"),
        (("alertmanager",), "prometheus"),
    ],
)
def test_what_is_missing_is_named(there: tuple[str, ...], missing: str) -> None:
    with pytest.raises(ConfigError, match=f"--with-prometheus: {missing} not found in PATH; inst"):
        companions.programs(lambda name: name if name in there else None)


def configured(**settings: Any) -> dict[str, Any]:
    raw = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    own, token = Path("/own"), Path("/state/token")
    return companions.configured(raw, Config.model_validate(settings), own, token, LISTENS)


def test_prometheus_is_told_every_address() -> None:
    made = configured(exporter={"listen": "0.0.0.0:1"}, control_api={"listen": "[::1]:2"})
    jobs = {job["job_name"]: job for job in made["scrape_configs"]}
    targets = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    assert targets == {
        "leitstand-exporter": ["127.0.0.1:1"],
        "leitstand-api": ["[::1]:2"],
        "prometheus": ["127.0.0.1:9090"],
        "alertmanager": ["127.0.0.1:9093"],
    }
    assert jobs["leitstand-api"]["authorization"] == {"credentials_file": "/state/token"}
    assert made["rule_files"] == ["/own/rules/*.yml", "/own/alerts/*.yml"]
    assert "127.0.0.1:9093" in str(made["alerting"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"exporter": {"users": {"p": HASH}}}, "exporter.users asks for a password"),
        ({"exporter": {"listen": "127.0.0.1:0"}}, "exporter.listen needs a port"),
        ({"control_api": {"listen": "127.0.0.1:0"}}, "control_api.listen needs a port"),
    ],
)
def test_what_it_cannot_scrape_is_said(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        companions.beside(companions.Programs("", ""), Config.model_validate(settings), None)


@pytest.fixture
def usual_ports_taken() -> Iterator[None]:
    """Of two that start at the same moment, both would find the usual ones free."""
    with contextlib.ExitStack() as held:
        for port in (9090, 9093):
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
        yield


@pytest.mark.usefixtures("usual_ports_taken")
def test_both_run_with_the_services_and_end_with_them(
    prometheus: str, write: Write, tmp_path: Path
) -> None:
    alertmanager_program()
    program("prometheus")
    file = write(
        {
            "exporter": {"listen": f"127.0.0.1:{free_port()}"},
            "control_api": {
                "listen": f"127.0.0.1:{free_port()}",
                "state": str(tmp_path / "var"),
                "admin_token": "an-admin-of-tests",
            },
        }
    )
    command = leitstand("up", "--with-prometheus", "--config", str(file))
    with process(command, cwd=tmp_path) as running:
        url = running.find(r"(http://127\.0\.0\.1:\d+)  Prometheus", 60)
        eventually(lambda: healths(url) == dict.fromkeys(JOBS, "up"), 60)
        token = tmp_path / "var" / "prometheus" / "viewer.token"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert token.read_text().strip() not in running.output
        children = psutil.Process(running.pid).children()
        assert len(children) == 5
        running.send(signal.SIGINT)
        assert running.wait(30) == 0
        assert not [child for child in children if child.is_running()]
    assert not url.endswith(":9090")
    assert "killed" not in running.output


JOBS = ("leitstand-exporter", "leitstand-api", "prometheus", "alertmanager")


def healths(url: str) -> dict[str, str]:
    """Scrape job -> health."""
    try:
        found = requests.get(f"{url}/api/v1/targets", timeout=5).json()["data"]["activeTargets"]
    # While it starts it answers 503 in plain words.
    except (requests.ConnectionError, requests.JSONDecodeError):
        return {}
    return {each["labels"]["job"]: each["health"] for each in found}
