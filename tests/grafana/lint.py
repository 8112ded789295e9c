"""The checks of Grafana's dashboard-linter (v0.2.0), under its names, in our own words.

Stricter than the original where that only looks at some kinds of panel: here at all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grafana_foundation_sdk.models import units

from tests.grafana.promql import Selector, selectors
from tests.grafana.reading import Json, panels, variables

UNITS = {value for name, value in vars(units).items() if name.isidentifier() and name[0] != "_"}
"""All that Grafana knows, by its id."""

_LABEL_FUNCTIONS = ("label_names", "label_values", "metrics", "query_result")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule complains of; `about` is what an exception may name."""

    where: str
    about: str
    said: str = ""


Rule = Callable[[Json], Iterator[Finding]]


def template_datasource(dashboard: Json) -> Iterator[Finding]:
    found = [v for v in variables(dashboard) if v["type"] == "datasource"]
    if [v["name"] for v in found] != ["datasource"]:
        yield Finding("templating", "datasource", "exactly one, named datasource")
    for variable in found:
        if (variable.get("label"), variable.get("query")) != ("Data source", "prometheus"):
            yield Finding("templating", "datasource", "a Prometheus, labelled Data source")


def _template(name: str) -> Rule:
    def check(dashboard: Json) -> Iterator[Finding]:
        variable = next((v for v in variables(dashboard) if v["name"] == name), None)
        if variable is None:
            yield Finding("templating", name, "is missing")
            return
        wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+"}
        wrong = [key for key, value in wanted.items() if variable.get(key) != value]
        if variable.get("datasource", {}).get("uid") != "$datasource":
            wrong.append("datasource")
        if wrong:
            yield Finding("templating", name, f"its {', '.join(wrong)}")

    return check


def template_label_promql(dashboard: Json) -> Iterator[Finding]:
    for variable in _queried(dashboard):
        found = re.fullmatch(r"([a-z_]+)\((.+), *\w+\)", str(variable["query"]))
        if not found or found[1] not in _LABEL_FUNCTIONS or not list(selectors(found[2])):
            yield Finding("templating", variable["name"], str(variable["query"]))


def template_on_time_change_reload(dashboard: Json) -> Iterator[Finding]:
    for variable in _queried(dashboard):
        if variable.get("refresh") != 2:
            yield Finding("templating", variable["name"], "not listed anew for another time")


def _queried(dashboard: Json) -> list[Json]:
    return [v for v in variables(dashboard) if v["type"] == "query"]


def panel_datasource(dashboard: Json) -> Iterator[Finding]:
    for panel in panels(dashboard):
        for what in (panel, *panel.get("targets", ())):
            if what.get("datasource", {}).get("uid") != "$datasource":
                yield Finding(panel["title"], "datasource")


def panel_title_description(dashboard: Json) -> Iterator[Finding]:
    for panel in panels(dashboard):
        if not panel.get("title") or not panel.get("description"):
            yield Finding(panel.get("title", "?"), "title or description")


def panel_units(dashboard: Json) -> Iterator[Finding]:
    for panel in panels(dashboard):
        config = panel["fieldConfig"]
        set_ = [config["defaults"].get("unit")]
        for override in config.get("overrides", ()):
            set_ += [p["value"] for p in override["properties"] if p["id"] == "unit"]
        for unit in set_:
            if unit not in UNITS:
                yield Finding(panel["title"], str(unit), "no unit that Grafana knows")


def panel_no_targets(dashboard: Json) -> Iterator[Finding]:
    for panel in panels(dashboard):
        if not panel.get("targets"):
            yield Finding(panel["title"], "targets")


def target_logql(dashboard: Json) -> Iterator[Finding]:
    """No query is one for Loki, so none can be a wrong one."""
    for panel in panels(dashboard):
        for what in (panel, *panel.get("targets", ())):
            if what.get("datasource", {}).get("type") != "prometheus":
                yield Finding(panel["title"], "datasource", "not of type prometheus")


def target_logql_auto(dashboard: Json) -> Iterator[Finding]:
    for where, expr in _exprs(dashboard):
        if "$__auto" in expr:
            yield Finding(where, "$__auto", "is Loki's")


def target_promql(dashboard: Json) -> Iterator[Finding]:
    """That it parses is promtool's to say; here: there is a query, and it asks for a series."""
    for where, expr in _exprs(dashboard):
        if not list(selectors(expr)):
            yield Finding(where, "expr", expr)


def target_rate_interval(dashboard: Json) -> Iterator[Finding]:
    for where, one in _selectors(dashboard):
        if one.function in ("rate", "irate") and one.window != "$__rate_interval":
            yield Finding(where, one.name, f"rate over {one.window}")
        if one.window is not None and one.function is None:
            yield Finding(where, one.name, "a window outside of any function")


def _target_matcher(label: str) -> Rule:
    def check(dashboard: Json) -> Iterator[Finding]:
        for where, one in _selectors(dashboard):
            if not one.has(label, "=~", f"${label}"):
                yield Finding(where, one.name, f"no {label} matcher")

    return check


def target_counter_agg(dashboard: Json) -> Iterator[Finding]:
    for where, one in _selectors(dashboard):
        if one.name.endswith("_total") and one.function not in ("rate", "irate", "increase"):
            yield Finding(where, one.name, "a counter as it is")


def uneditable(dashboard: Json) -> Iterator[Finding]:
    if dashboard.get("editable", True):
        yield Finding("dashboard", "editable")


def _exprs(dashboard: Json) -> Iterator[tuple[str, str]]:
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target.get("expr", "")


def _selectors(dashboard: Json) -> Iterator[tuple[str, Selector]]:
    for where, expr in _exprs(dashboard):
        for one in selectors(expr):
            yield where, one


RULES: dict[str, Rule] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": _template("job"),
    "template-instance-rule": _template("instance"),
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-logql-rule": target_logql,
    "target-logql-auto-rule": target_logql_auto,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": _target_matcher("job"),
    "target-instance-rule": _target_matcher("instance"),
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable,
}
"""All 17, by the linter's names."""
