"""host_load* and host_boot_time_seconds: the machine as a whole."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, gauge
from exporter.sources.host.state import HostState

_ROWS: tuple[tuple[Family, Callable[[HostState], float]], ...] = (
    (
        gauge("host_load1", "Load average over 1 minute (/proc/loadavg)."),
        lambda state: state.load.one,
    ),
    (
        gauge("host_load5", "Load average over 5 minutes (/proc/loadavg)."),
        lambda state: state.load.five,
    ),
    (
        gauge("host_load15", "Load average over 15 minutes (/proc/loadavg)."),
        lambda state: state.load.fifteen,
    ),
    (
        gauge("host_boot_time_seconds", "When the machine started, Unix time (/proc/stat, btime)."),
        lambda state: state.booted_at,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: HostState) -> Metrics:
    for family, value_of in _ROWS:
        yield family, [((), value_of(state))]
