"""host_temperature_celsius: how warm the machine is."""

from __future__ import annotations

from exporter.family import Metrics, gauge
from exporter.sources.host.state import HostState

_CELSIUS = gauge(
    "host_temperature_celsius",
    "Temperature of each sensor (/sys/class/hwmon, else /sys/class/thermal).",
    *("chip", "sensor"),
)

FAMILIES = (_CELSIUS,)


def collect(state: HostState) -> Metrics:
    yield _CELSIUS, [((t.chip, t.sensor), t.celsius) for t in state.temperatures]
