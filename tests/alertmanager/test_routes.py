"""Who is told of each alert, by what the shipped configuration and amtool say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.alertmanager.hurry import ROOT
from tests.conftest import program

CONFIG = ROOT / "alertmanager" / "alertmanager.yml"
ALERTS = [
    rule
    for file in sorted((ROOT / "prometheus" / "alerts").glob("*.yml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
TOLD = {
    "server": "crew",
    "path": "crew",
    "studio": "crew",
    "recording": "crew",
    "clip": "admins",
    "host": "admins",
    "monitoring": "admins",
}
"""Subject of an alert -> receiver, but for Watchdog and what is only to be seen."""


@pytest.fixture(scope="module")
def amtool() -> str:
    return program("amtool")


def routed(amtool: str, **labels: str) -> str:
    """The receivers of an alert with these labels."""
    given = [f"{name}={value}" for name, value in labels.items()]
    command = [amtool, "config", "routes", "test", f"--config.file={CONFIG}", *given]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_configuration_and_its_templates_load(amtool: str) -> None:
    command = [amtool, "check-config", str(CONFIG)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "1 templates" in checked.stdout


def test_there_are_alerts() -> None:
    assert len(ALERTS) > 30
    assert {rule["labels"]["subject"] for rule in ALERTS} == set(TOLD)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_has_who_is_told(amtool: str, rule: dict[str, dict[str, str]]) -> None:
    labels = rule["labels"]
    wanted = "heartbeat" if rule["alert"] == "Watchdog" else TOLD[labels["subject"]]
    assert labels["severity"] in ("critical", "warning") or wanted == "heartbeat"
    assert routed(amtool, alertname=str(rule["alert"]), **labels) == wanted


@pytest.mark.parametrize("subject", TOLD)
def test_info_is_only_to_be_seen(amtool: str, subject: str) -> None:
    assert routed(amtool, alertname="X", severity="info", subject=subject) == "nobody"


def test_what_nobody_thought_of_is_the_admins(amtool: str) -> None:
    assert routed(amtool, alertname="X") == "admins"
    assert routed(amtool, alertname="X", severity="warning") == "admins"


def test_a_trial_goes_where_it_says(amtool: str) -> None:
    for receiver in ("crew", "admins", "heartbeat"):
        assert routed(amtool, alertname="NotificationTest", receiver=receiver) == receiver


def test_every_warning_and_nothing_critical_is_quiet_at_night() -> None:
    quiet = {
        (route["receiver"], matcher)
        for route in _leaves(yaml.safe_load(CONFIG.read_text())["route"])
        if route.get("mute_time_intervals") == ["quiet-hours"]
        for matcher in route["matchers"]
    }
    assert quiet == {("crew", "severity = warning"), ("admins", "severity = warning")}


def _leaves(route: dict, receiver: str = "") -> list[dict]:  # type: ignore[type-arg]
    receiver = route.get("receiver", receiver)
    own = [{**route, "receiver": receiver}]
    return own + [leaf for each in route.get("routes", ()) for leaf in _leaves(each, receiver)]


def test_every_template_that_is_used_is_defined() -> None:
    texts = [file.read_text() for file in Path(CONFIG.parent / "templates").glob("*.tmpl")]
    defined = re.findall(r'define "([\w.]+)"', "".join(texts))
    used = re.findall(r'template "([\w.]+)"', "".join([*texts, CONFIG.read_text()]))
    assert sorted(set(used)) == sorted(defined)
