"""What every dashboard has: its variables, its links to the others, recordings as annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models import dashboard as model

from grafana.src.panels import DATASOURCE
from grafana.src.promql import select

TAG = "leitstand"

_OF_TARGET = 'job=~"$job", instance=~"$instance"'
_LISTED = {
    "job": ("Job", "{targets}"),
    "instance": ("Instance", '{targets}{{job=~"$job"}}'),
    "server": ("Server", f"mediamtx_up{{{{{_OF_TARGET}}}}}"),
    "path": ("Path", f'mediamtx_path_online{{{{{_OF_TARGET}, server=~"$server"}}}}'),
    "studio": ("Studio", f"obs_up{{{{{_OF_TARGET}}}}}"),
}
"""Variable -> its label, and the series whose values it lists."""

RECORDINGS_SHOWN = {
    "step": "15s",
    "titleFormat": "{{studio}} records",
    "textFormat": "from start to stop",
    "tagKeys": "studio",
}
"""What the Prometheus plugin reads of an annotation beyond what every annotation has."""


Row = tuple[str, Sequence[Any]]
"""A title and the panels below it, which fill lines of 24."""


@dataclass(frozen=True, slots=True)
class About:
    """What a dashboard is: its address, and in words what question it answers.

    `one`: a variable that begins with one value, because all at once are too many to draw.
    `targets`: where $job and $instance come from.
    """

    uid: str
    title: str
    description: str
    one: str | None = None
    targets: str = "leitstand_build_info"


def frame(about: About, variables: Sequence[str]) -> Dashboard:
    """`variables` beside datasource, job and instance."""
    made = (
        Dashboard(f"Leitstand / {about.title}")
        .uid(about.uid)
        .description(about.description)
        .tags([TAG])
        .readonly()
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .with_variable(_datasource())
    )
    for name in ("job", "instance", *variables):
        listed = _listed(name, about.targets)
        made.with_variable(listed if name == about.one else _with_all(listed))
    return made


def filled(made: Dashboard, *rows: Row) -> Dashboard:
    """The first row has no heading: it is what one looks at first."""
    for place, (title, panels) in enumerate(rows):
        if place:
            made.with_row(build.Row(title))
        for panel in panels:
            made.with_panel(panel)
    return made


def recordings() -> build.AnnotationQuery:
    """A region from the start of each recording to its stop."""
    return (
        build.AnnotationQuery()
        .name("Recordings")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("red")
        .expr(select("max by (studio) (obs_record_active) == 1"))
    )


def _others() -> build.DashboardLink:
    return (
        build.DashboardLink("Leitstand")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
    )


def _datasource() -> build.DatasourceVariable:
    return build.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _listed(name: str, targets: str) -> build.QueryVariable:
    label, series = _LISTED[name]
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(f"label_values({series.format(targets=targets)}, {name})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(True)
    )


def _with_all(variable: build.QueryVariable) -> build.QueryVariable:
    """Begins with all of them."""
    everything = model.VariableOption(text=["All"], value=["$__all"], selected=True)
    return variable.include_all(True).all_value(".+").current(everything)
