"""Every alert says what it must, has a runbook, and is proved three ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.prometheus.shipped import FOLDER, Shipped, alerts, cases, read

ALERTS = alerts()
RUNBOOKS = (FOLDER / "runbooks.md").read_text(encoding="utf-8")
SECTIONS = ("Meaning", "Impact", "Check", "Do")
SUBJECTS = {"server", "path", "studio", "recording", "clip", "host", "monitoring"}
DASHBOARDS = {"control-room", "path", "studio", "recordings", "host", "monitoring"}

each_alert = pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)


def test_no_two_have_the_same_name() -> None:
    count = sum(
        len(group["rules"])
        for file in (FOLDER / "alerts").glob("*.yml")
        for group in read(file)["groups"]
    )
    assert count == len(ALERTS) > 30


@each_alert
def test_labels_and_annotations(alert: Shipped) -> None:
    labels, said = alert.rule["labels"], alert.rule["annotations"]
    assert set(labels) == {"severity", "subject"}
    assert labels["severity"] in {"critical", "warning", "info", "none"}
    assert labels["subject"] in SUBJECTS
    assert set(said) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert said["summary"].endswith(".")
    assert "{{" not in said["summary"]
    assert said["description"].endswith(".")
    assert said["runbook_url"] == f"runbooks.md#{alert.name.lower()}"
    found = re.fullmatch(r"/d/leitstand-([a-z-]+)(\?.+)?", said["dashboard_url"])
    assert found
    assert found[1] in DASHBOARDS


@each_alert
def test_only_the_watchdog_is_at_once_and_knows_nobody(alert: Shipped) -> None:
    keys, said = {"for", "keep_firing_for"}, alert.rule["annotations"]["description"]
    if alert.name == "Watchdog":
        assert not keys & set(alert.rule)
        assert alert.rule["labels"]["severity"] == "none"
    else:
        assert keys <= set(alert.rule)
        assert "{{ $labels." in said


@each_alert
def test_its_runbook(alert: Shipped) -> None:
    found = re.search(rf"^## {alert.name}\n(.*?)(?=^## |\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL)
    assert found, "no heading of that name"
    for section in SECTIONS:
        assert f"**{section}**" in found[1], section


def test_no_runbook_without_an_alert() -> None:
    assert re.findall(r"^## (.+)$", RUNBOOKS, re.MULTILINE) == list(ALERTS)


@each_alert
def test_it_fires_and_resolves(alert: Shipped) -> None:
    if alert.name == "Watchdog":
        assert all(answers[-1] for answers in asked(alert))
    else:
        assert any(True in answers and not answers[-1] for answers in asked(alert))


@each_alert
def test_the_nearest_harmless_situation_does_not(alert: Shipped) -> None:
    if alert.name != "Watchdog":
        assert any(True not in answers for answers in asked(alert))


def asked(alert: Shipped) -> Iterator[list[bool]]:
    """Per test that asks for the alert: whether it fires, over time."""
    for test in cases(alert.subject):
        mine = [c for c in test.get("alert_rule_test", ()) if c["alertname"] == alert.name]
        if mine:
            yield [bool(c["exp_alerts"]) for c in sorted(mine, key=_time)]


def _time(case: Any) -> int:
    parts = re.findall(r"(\d+)([hms])", case["eval_time"])
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)
