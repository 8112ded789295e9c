"""The written dashboards as Grafana would read them: their panels, queries and variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))

_LABEL_VALUES = re.compile(r"label_values\((?P<expr>.+), *(?P<label>\w+)\)")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of Prometheus, and by whom."""

    where: str
    expr: str
    label: str = ""
    """Of a variable: the label whose values it lists."""


def load(file: Path) -> Json:
    read: Json = json.loads(file.read_text(encoding="utf-8"))
    return read


def panels(dashboard: Json) -> list[Json]:
    """All but the headings of rows; none is hidden inside one."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def variables(dashboard: Json) -> list[Json]:
    listed: list[Json] = dashboard["templating"]["list"]
    return listed


def queries(dashboard: Json) -> Iterator[Query]:
    """Of panels, annotations and variables, as they are written."""
    title = dashboard["title"]
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            yield Query(f"{title}: {panel['title']} {target['refId']}", target["expr"])
    for annotation in dashboard["annotations"]["list"]:
        yield Query(f"{title}: {annotation['name']}", annotation["expr"])
    for variable in variables(dashboard):
        if variable["type"] == "query":
            found = _LABEL_VALUES.fullmatch(variable["query"])
            assert found is not None, variable["query"]
            yield Query(f"{title}: ${variable['name']}", found["expr"], found["label"])


def expanded(expr: str, values: Mapping[str, str]) -> str:
    """With every variable's value in its place; an unknown variable is a KeyError."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values[found[1]], expr)
