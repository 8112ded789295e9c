"""What a change to one rule can matter to: the other rules and cases take time and say nothing."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from tests.prometheus.shipped import Shipped, metrics, rules


@functools.cache
def _made_of() -> Mapping[str, frozenset[str]]:
    """Alert or recorded series -> the recorded series, and by ALERTS the alerts, it is made of."""
    every = [*rules("rules"), *rules("alerts")]
    names = {each.name for each in every}
    return {each.name: frozenset(names & _mentioned(each.rule["expr"])) for each in every}


def _mentioned(expr: str) -> set[str]:
    fired = re.findall(r'ALERTS\{alertname=~?"([^"]+)"', expr)
    return metrics(expr).union(*(names.split("|") for names in fired))


@functools.cache
def closure(name: str) -> frozenset[str]:
    """The rule of that name and all that it is made of; nothing but itself where it is no rule."""
    found, new = set[str](), {name}
    while new:
        found |= new
        new = {part for each in new for part in _made_of().get(each, ())} - found
    return frozenset(found)


def asked(test: Any, rule: Shipped) -> Any | None:
    """The test with only those cases that the rule has a part in; None if it has in none."""
    alerts = [c for c in test.get("alert_rule_test", ()) if _is_part(rule, {c["alertname"]})]
    series = [c for c in test.get("promql_expr_test", ()) if _is_part(rule, metrics(c["expr"]))]
    if not alerts and not series:
        return None
    return test | {"alert_rule_test": alerts, "promql_expr_test": series}


def targets(test: Any) -> frozenset[str]:
    """Every rule that a test's cases are about, and what those are made of."""
    names = {case["alertname"] for case in test["alert_rule_test"]}
    names.update(*(metrics(case["expr"]) for case in test["promql_expr_test"]))
    return frozenset().union(*(closure(name) for name in names))


def only(document: Any, kept: frozenset[str]) -> Any:
    """A rule file without what is not kept."""
    groups = [
        {**group, "rules": [r for r in group["rules"] if r.get("alert", r.get("record")) in kept]}
        for group in document["groups"]
    ]
    return {"groups": [group for group in groups if group["rules"]]}


def _is_part(rule: Shipped, names: set[str]) -> bool:
    return any(rule.name in closure(name) for name in names)
