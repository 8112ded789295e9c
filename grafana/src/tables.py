"""Tables: one row a thing, one column a query, joined by the labels that name the thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.builders.table import Panel
from grafana_foundation_sdk.models.common import TableCellHeight
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from grafana.src.panels import DATASOURCE, Text, target
from grafana.src.words import PLAIN, Step, Word, as_json, coloured, steps_as_json, thresholds

LINKS = {
    "path": (
        "/d/leitstand-path?var-datasource=${datasource}"
        "&var-server=${__data.fields.server:percentencode}"
        "&var-path=${__data.fields.path:percentencode}&${__url_time_range}"
    ),
    "studio": (
        "/d/leitstand-studio?var-datasource=${datasource}"
        "&var-studio=${__data.fields.studio:percentencode}&${__url_time_range}"
    ),
}
"""Label -> where a click on it leads."""


@dataclass(frozen=True, slots=True)
class Column:
    """One query. Without a title its value is not shown: it is there for its labels."""

    expr: str
    title: str = ""
    unit: str = "short"
    words: Sequence[Word] = ()
    steps: Sequence[Step] = PLAIN
    bar: bool = False
    decimals: int | None = None

    def properties(self) -> list[DynamicConfigValue]:
        cell: dict[str, Any] = {"type": "auto"}
        if self.bar:
            cell = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        elif self.words or self.steps is not PLAIN:
            cell = {"type": "color-text"}
        return [
            DynamicConfigValue("displayName", self.title),
            DynamicConfigValue("unit", self.unit),
            *([DynamicConfigValue("decimals", self.decimals)] if self.decimals is not None else []),
            *([DynamicConfigValue("mappings", as_json(self.words))] if self.words else []),
            DynamicConfigValue("thresholds", steps_as_json(self.steps)),
            DynamicConfigValue("custom.cellOptions", cell),
        ]


@dataclass(frozen=True, slots=True)
class Rows:
    """What names a row (label -> title), what else its labels say, and how large the table is.

    `colours`: label -> its values' colours.
    """

    keys: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    w: int = 24
    h: int = 9
    sort: str | None = None
    colours: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def table(text: Text, columns: Sequence[Column], rows: Rows) -> Panel:
    """The newest value of every query."""
    panel = _framed(text, rows)
    shown: dict[str, str] = {}
    hidden = ["Time"]
    for place, column in enumerate(columns):
        panel.with_target(target(place, (column.expr, ""), instant=True, table=True))
        name = f"Value #{ascii_uppercase[place]}" if len(columns) > 1 else "Value"
        if column.title:
            shown[name] = column.title
            panel.override_by_name(name, column.properties())
        else:
            hidden.append(name)
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    return _organized(panel, rows, list(shown), hidden)


def trends(text: Text, columns: Sequence[Column], rows: Rows) -> Panel:
    """The course of every query, as a small curve beside its newest value."""
    panel = _framed(text, rows)
    names = []
    for place, column in enumerate(columns):
        panel.with_target(target(place, (column.expr, "")))
        names.append(f"Trend #{ascii_uppercase[place]}")
        small = DynamicConfigValue("custom.cellOptions", {"type": "sparkline", "lineWidth": 1})
        panel.override_by_name(names[-1], [*column.properties()[:-1], small])
    for step in ("timeSeriesTable", "merge"):
        panel.with_transformation(DataTransformerConfig(id_val=step, options={}))
    return _organized(panel, rows, names, ["Time"])


def _framed(text: Text, rows: Rows) -> Panel:
    panel = Panel().title(text.title).description(text.description).datasource(DATASOURCE)
    panel.height(rows.h).span(rows.w).unit("short").no_value(text.empty)
    panel.thresholds(thresholds(PLAIN)).cell_height(TableCellHeight.SM).filterable(True)
    if rows.sort:
        panel.sort_by([TableSortByFieldState().display_name(rows.sort).desc(True)])
    return panel


def _organized(panel: Panel, rows: Rows, values: Sequence[str], hidden: Sequence[str]) -> Panel:
    """Keys first, then what the labels say, then the values."""
    for label, title in (*rows.keys.items(), *rows.labels.items()):
        properties = [DynamicConfigValue("displayName", title)]
        if label in LINKS:
            link = {"title": f"Show this {label}", "url": LINKS[label]}
            properties.append(DynamicConfigValue("links", [link]))
        if label in rows.colours:
            properties.append(DynamicConfigValue("mappings", coloured(rows.colours[label])))
            properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        panel.override_by_name(label, properties)
    order = [*rows.keys, *rows.labels, *values]
    options = {
        "excludeByName": dict.fromkeys(hidden, True),
        "indexByName": {name: place for place, name in enumerate(order)},
        "renameByName": {},
    }
    return panel.with_transformation(DataTransformerConfig(id_val="organize", options=options))
