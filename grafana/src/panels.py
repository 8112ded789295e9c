"""The kinds of panel that the dashboards are made of: number, curve, state, each in one manner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import stat as stats
from grafana_foundation_sdk.builders import statetimeline, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, FieldColorModeId
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from grafana.src.promql import select
from grafana.src.words import PLAIN, Step, Word, mappings, thresholds

DATASOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")

TO_PATH = (
    "/d/leitstand-path?var-datasource=${datasource}&var-server=${__field.labels.server:percentencode}"
    "&var-path=${__field.labels.path:percentencode}&${__url_time_range}"
)
TO_STUDIO = (
    "/d/leitstand-studio?var-datasource=${datasource}"
    "&var-studio=${__field.labels.studio:percentencode}&${__url_time_range}"
)

Panel = TypeVar("Panel", stats.Panel, statetimeline.Panel, timeseries.Panel)


@dataclass(frozen=True, slots=True)
class Text:
    """What a panel says: its title, what it means, and what it says when there is nothing."""

    title: str
    description: str
    empty: str = "No data"


@dataclass(frozen=True, slots=True)
class Look:
    """Unit, colours and words of the values, and how large the panel is.

    `figures`: the legend is a table with mean, greatest and newest value.
    """

    unit: str = "short"
    w: int = 8
    h: int = 8
    words: Sequence[Word] = ()
    steps: Sequence[Step] = PLAIN
    decimals: int | None = None
    link: str | None = None
    stacked: bool = False
    top: float | None = None
    figures: bool = False


Query = tuple[str, str]
"""PromQL and the legend."""


def target(place: int, query: Query, *, instant: bool = False, table: bool = False) -> Dataquery:
    expr, legend = query
    made = (
        Dataquery()
        .ref_id(ascii_uppercase[place])
        .datasource(DATASOURCE)
        .expr(select(expr))
        .legend_format(legend)
        .editor_mode(QueryEditorMode.CODE)
        .format(PromQueryFormat.TABLE if table else PromQueryFormat.TIME_SERIES)
    )
    return made.instant() if instant else made.range()


def _dressed(panel: Panel, text: Text, look: Look) -> Panel:
    """What every panel has."""
    panel.title(text.title).description(text.description).datasource(DATASOURCE)
    panel.height(look.h).span(look.w).unit(look.unit).no_value(text.empty)
    panel.thresholds(thresholds(look.steps))
    if look.words:
        panel.mappings(mappings(look.words))
    if look.decimals is not None:
        panel.decimals(look.decimals)
    if look.link:
        panel.data_links([DashboardLink("Show").url(look.link)])
    return panel


def number(text: Text, expr: str, look: Look) -> stats.Panel:
    """One figure, coloured by its thresholds or its words, with its course behind it.

    All are of one size, whatever the look says: eight fill a line.
    """
    look = replace(look, w=3, h=4)
    has_course = not look.words and look.unit not in ("dateTimeFromNow", "string")
    panel = (
        _dressed(stats.Panel(), text, look)
        .with_target(target(0, (expr, "")))
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .graph_mode(BigValueGraphMode.AREA if has_course else BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.BACKGROUND if look.words else BigValueColorMode.VALUE)
        .text_mode(BigValueTextMode.VALUE)
    )
    return panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))


def curves(text: Text, queries: Sequence[Query], look: Look) -> timeseries.Panel:
    """Values over time; the same name has the same colour on every panel."""
    panel = _dressed(timeseries.Panel(), text, look)
    for place, query in enumerate(queries):
        panel.with_target(target(place, query))
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.line_width(1).fill_opacity(30 if look.stacked else 8).show_points(VisibilityMode.NEVER)
    panel.axis_soft_min(0)
    if look.stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if look.top is not None:
        panel.axis_soft_max(look.top)
    many = VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    return panel.tooltip(many).legend(_legend(look))


def _legend(look: Look) -> VizLegendOptions:
    legend = VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM)
    if not look.figures:
        return legend.display_mode(LegendDisplayMode.LIST).calcs([])
    return legend.display_mode(LegendDisplayMode.TABLE).calcs(["mean", "max", "lastNotNull"])


def states(text: Text, queries: Sequence[Query], look: Look) -> statetimeline.Panel:
    """What was when, in words."""
    panel = _dressed(statetimeline.Panel(), text, look)
    for place, query in enumerate(queries):
        panel.with_target(target(place, query))
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    panel.merge_values(True).show_value(VisibilityMode.AUTO).row_height(0.8)
    panel.line_width(0).fill_opacity(80)
    panel.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.SINGLE).sort(SortOrder.NONE))
    legend = VizLegendOptions().show_legend(False).placement(LegendPlacement.BOTTOM)
    return panel.legend(legend.display_mode(LegendDisplayMode.LIST).calcs([]))
