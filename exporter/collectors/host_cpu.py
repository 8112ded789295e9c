"""host_cpu_*: what the CPUs do."""

from __future__ import annotations

from exporter.family import Metrics, counter
from exporter.sources.host.state import HostState

_SECONDS = counter(
    "host_cpu_seconds_total",
    "Seconds the CPUs spent in each mode (/proc/stat); guests count as user and nice.",
    *("cpu", "mode"),
)

FAMILIES = (_SECONDS,)


def collect(state: HostState) -> Metrics:
    yield (
        _SECONDS,
        [((cpu.name, mode), s) for cpu in state.cpus for mode, s in cpu.seconds.items()],
    )
