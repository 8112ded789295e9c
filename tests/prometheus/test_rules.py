"""promtool on everything that is shipped, and whether every metric in it exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from control_api.metrics.page import MetricsPage
from control_api.metrics.readings import (
    DatabaseReading,
    LibraryReading,
    RecorderReading,
    ScheduleReading,
    Sources,
    StudioReading,
)
from control_api.metrics.requests import Requests
from exporter import collectors
from exporter.collectors import status
from tests import golden
from tests.prometheus.shipped import (
    FOLDER,
    SUBJECTS,
    TESTS,
    cases,
    files,
    metrics,
    promtool_test,
    read,
    rules,
)

FILES = sorted((*FOLDER.glob("rules/*.yml"), *FOLDER.glob("alerts/*.yml")))

PROGRAMS = {
    "up",
    "ALERTS",
    "alertmanager_notifications_failed_total",
    "prometheus_rule_evaluation_failures_total",
}
"""What Prometheus and Alertmanager say of themselves."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_promtool_has_nothing_to_say(promtool: str, file: Path) -> None:
    done = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_configuration_loads_them_all(promtool: str, tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "prometheus")
    # What the operator puts there.
    (folder / "viewer.token").write_text("token")
    command = [promtool, "check", "config", str(folder / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("rules found") == len(FILES)


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.test.yml")), ids=lambda file: file.name)
def test_the_cases_of(file: Path, promtool: str) -> None:
    done = promtool_test(promtool, file)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_file_of_a_subject_is_in_its_cases(subject: str) -> None:
    own = {f"../../prometheus/{file.relative_to(FOLDER)}" for file in FILES if file.stem == subject}
    named = {name for file in files(subject) for name in read(file)["rule_files"]}
    assert own <= named


def test_recorded_names_have_a_level_a_metric_and_operations() -> None:
    names = [each.name for each in rules("rules")]
    assert len(names) == len(set(names))
    assert not [n for n in names if not re.fullmatch(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", n)]


def known() -> set[str]:
    """Every metric that a page can show."""
    shown = {
        line.partition("{")[0].partition(" ")[0]
        for page in golden.FOLDER.iterdir()
        for line in page.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
    # What has no golden page: the machine that tests run on, and the state of the sources.
    host = (family for family in collectors.FAMILIES if family.name.startswith("host_"))
    others = {family.name for family in (*host, *status.FAMILIES)}
    return shown | others | control_api() | PROGRAMS


def control_api() -> set[str]:
    """Every family of the control API, as a page shows it."""
    sources = Sources(
        recorder=lambda: RecorderReading(True, 1.0, True, 0),
        database=lambda: DatabaseReading(True, False),
        studios=lambda: [StudioReading("stage", True, True, False, 1.0, 1.0, ["slow"])],
        schedules=lambda: [ScheduleReading("stage", 1.0, 1.0, 0)],
        outcomes=lambda: {("stage", "complete"): 1},
        library_bytes=lambda: 1.0,
        library=lambda: LibraryReading(1, 1, {"age": 1}),
        jobs=lambda: {("clip", "running"): 1},
        ended=lambda: {("clip", "failed"): 1},
    )
    text = MetricsPage(sources, Requests()).text().decode()
    return {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"}


def test_every_metric_in_a_rule_exists() -> None:
    recorded = {each.name for each in rules("rules")}
    for folder in ("rules", "alerts"):
        for each in rules(folder):
            missing = metrics(each.rule["expr"]) - known() - recorded
            assert not missing, (each.name, missing)


def test_every_recorded_series_is_tested() -> None:
    """By an expression of its own, or by an alert that is made of it."""
    used = {m for each in rules("alerts") for m in metrics(each.rule["expr"])}
    for subject in {each.subject for each in rules("rules")}:
        asked = {
            metric
            for test in cases(subject)
            for case in test.get("promql_expr_test", ())
            for metric in metrics(case["expr"])
        }
        made = {each.name for each in rules("rules") if each.subject == subject}
        assert made <= asked | used, subject


def test_the_configuration_names_the_host_of_what_it_alerts_on() -> None:
    jobs = {job["job_name"]: job for job in read(FOLDER / "prometheus.yml")["scrape_configs"]}
    assert set(jobs) == {"leitstand-exporter", "leitstand-api", "prometheus", "alertmanager"}
    for name in ("leitstand-exporter", "leitstand-api"):
        (targets,) = jobs[name]["static_configs"]
        assert targets["labels"] == {"host": "leitstand"}
