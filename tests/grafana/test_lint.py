"""What Grafana's dashboard-linter asks of a dashboard, and that each of its checks can fail."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana import lint
from tests.grafana.promql import selectors
from tests.grafana.reading import FILES, Json, expanded, load, queries

_AN_ALERT = "an alert need not be about one target: the matcher would hide those that are not"
EXCEPTIONS = {
    (rule, about): _AN_ALERT
    for rule in ("target-job-rule", "target-instance-rule")
    for about in ("ALERTS", "ALERTS_FOR_STATE")
}
"""Rule and what it complains of -> why it may."""


@pytest.mark.parametrize("rule", lint.RULES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dashboard_keeps_the_rule(file: Path, rule: str) -> None:
    found = lint.RULES[rule](load(file))
    assert [one for one in found if (rule, one.about) not in EXCEPTIONS] == []


def test_every_exception_is_needed() -> None:
    found = {
        (rule, one.about)
        for rule, check in lint.RULES.items()
        for file in FILES
        for one in check(load(file))
    }
    assert found == set(EXCEPTIONS)


def _variable(of: str, /, **changed: Any) -> Callable[[Json], None]:
    def spoil(dashboard: Json) -> None:
        listed = dashboard["templating"]["list"]
        next(v for v in listed if v["name"] == of).update(changed)

    return spoil


def _panel(**changed: Any) -> Callable[[Json], None]:
    return lambda dashboard: dashboard["panels"][0].update(changed)


def _expr(expr: str) -> Callable[[Json], None]:
    return lambda dashboard: dashboard["panels"][0]["targets"][0].update(expr=expr)


_OF = '{job=~"$job", instance=~"$instance"}'
_LOKI = {"type": "loki", "uid": "$datasource"}
BROKEN: list[tuple[str, Callable[[Json], None]]] = [
    ("template-datasource-rule", _variable("datasource", name="prometheus")),
    ("template-datasource-rule", _variable("datasource", label="Prometheus")),
    ("template-job-rule", _variable("job", multi=False)),
    ("template-job-rule", _variable("job", name="jobs")),
    ("template-instance-rule", _variable("instance", allValue=".*")),
    ("template-instance-rule", _variable("instance", datasource={"uid": "leitstand-prometheus"})),
    ("template-label-promql-rule", _variable("job", query="values(up, job)")),
    ("template-on-time-change-reload-rule", _variable("job", refresh=1)),
    ("panel-datasource-rule", _panel(datasource={"type": "prometheus", "uid": "abc"})),
    ("panel-title-description-rule", _panel(description="")),
    ("panel-units-rule", _panel(fieldConfig={"defaults": {"unit": "bit/s"}})),
    ("panel-no-targets-rule", _panel(targets=[])),
    ("target-logql-rule", _panel(datasource=_LOKI)),
    ("target-logql-auto-rule", _expr("rate(up[$__auto])")),
    ("target-promql-rule", _expr("")),
    ("target-rate-interval-rule", _expr(f"sum(rate(host_a_total{_OF}[5m]))")),
    ("target-job-rule", _expr('up{job="leitstand", instance=~"$instance"}')),
    ("target-instance-rule", _expr('sum by (job) (up{job=~"$job"})')),
    ("target-counter-agg-rule", _expr(f"sum(host_a_total{_OF})")),
    ("target-counter-agg-rule", _expr(f"max_over_time(host_a_total{_OF}[$__range])")),
    ("uneditable-dashboard", lambda dashboard: dashboard.update(editable=True)),
]


@pytest.mark.parametrize(("rule", "spoil"), BROKEN, ids=[rule for rule, _ in BROKEN])
def test_rule_sees_what_it_is_for(rule: str, spoil: Callable[[Json], None]) -> None:
    dashboard = copy.deepcopy(load(FILES[0]))
    spoil(dashboard)
    found = lint.RULES[rule](dashboard)
    assert [one for one in found if (rule, one.about) not in EXCEPTIONS]


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert len(lint.RULES) == 17
    assert {rule for rule, _ in BROKEN} == set(lint.RULES)


def test_selectors_are_found_in_any_place() -> None:
    expr = (
        'sum by (a, b) (rate(x_total{p="q(}", r=~"$s"}[$__rate_interval] @ end())) > 0 and on (c) '
        "(y offset 5m) * 1e3 / 2 unless up{} or histogram_quantile(0.9, avg without (d) (z))"
    )
    found = [(one.name, one.window, one.function) for one in selectors(expr)]
    assert found == [
        ("x_total", "$__rate_interval", "rate"),
        ("y", None, None),
        ("up", None, None),
        ("z", None, None),
    ]
    assert next(selectors(expr)).has("r", "=~", "$s")


def test_promtool_can_read_every_query(promtool: str, tmp_path: Path) -> None:
    values = dict.fromkeys(("job", "instance", "server", "path", "studio"), ".+")
    values |= {"__rate_interval": "1m", "__range": "1h"}
    rules = [
        {"record": f"query:n{number}", "expr": expanded(query.expr, values)}
        for number, query in enumerate(q for file in FILES for q in queries(load(file)))
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
