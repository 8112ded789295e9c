"""What fires: the same table on every dashboard, about what the dashboard is about."""

from __future__ import annotations

from grafana_foundation_sdk.builders.table import Panel

from grafana.src import words
from grafana.src.panels import Text
from grafana.src.tables import Column, Rows, table

_FIRING = 'ALERTS{{alertstate="firing", severity=~"critical|warning"{about}}}'

WATCHDOG = 'ALERTS{alertname="Watchdog", alertstate="firing"}'
"""Always fires where alerting works at all."""


def firing(about: str = "") -> str:
    """The alerts that fire; `about` are more matchers, as `, path=~"$path"`."""
    return _FIRING.format(about=about)


def alerts(about: str = "", *, w: int = 24, h: int = 7) -> Panel:
    since = f"(ALERTS_FOR_STATE and ignoring (alertstate) {firing(about)}) * 1000"
    shown = "alertname, severity, server, path, studio, instance"
    text = Text(
        "Alerts that fire",
        "What is wrong now, and since when its condition has held. Each alert's runbook says what "
        "to check and what to do.",
        "No alert fires.",
    )
    rows = Rows(
        {"severity": "Severity", "alertname": "Alert"},
        {"server": "Server", "studio": "Studio", "path": "Path", "instance": "Instance"},
        w=w,
        h=h,
        sort="Since",
        colours={"severity": words.SEVERITY},
    )
    column = Column(f"max by ({shown}) ({since})", "Since", "dateTimeFromNow")
    return table(text, [column], rows)
