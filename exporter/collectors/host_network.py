"""host_network_*: what the network devices move."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.host.state import HostState, Traffic

_DEVICE = "device"

_ROWS: tuple[tuple[Family, Callable[[Traffic], float]], ...] = (
    (
        counter("host_network_receive_bytes_total", "Bytes received (/proc/net/dev).", _DEVICE),
        lambda traffic: traffic.receive_bytes,
    ),
    (
        counter("host_network_transmit_bytes_total", "Bytes sent (/proc/net/dev).", _DEVICE),
        lambda traffic: traffic.transmit_bytes,
    ),
    (
        counter("host_network_receive_packets_total", "Packets received (/proc/net/dev).", _DEVICE),
        lambda traffic: traffic.receive_packets,
    ),
    (
        counter("host_network_transmit_packets_total", "Packets sent (/proc/net/dev).", _DEVICE),
        lambda traffic: traffic.transmit_packets,
    ),
    (
        counter(
            "host_network_receive_errs_total",
            "Packets received damaged or not at all (/proc/net/dev, errs).",
            _DEVICE,
        ),
        lambda traffic: traffic.receive_errors,
    ),
    (
        counter(
            "host_network_transmit_errs_total",
            "Packets that could not be sent (/proc/net/dev, errs).",
            _DEVICE,
        ),
        lambda traffic: traffic.transmit_errors,
    ),
    (
        counter(
            "host_network_receive_drop_total",
            "Packets received and thrown away (/proc/net/dev, drop).",
            _DEVICE,
        ),
        lambda traffic: traffic.receive_drops,
    ),
    (
        counter(
            "host_network_transmit_drop_total",
            "Packets thrown away before they were sent (/proc/net/dev, drop).",
            _DEVICE,
        ),
        lambda traffic: traffic.transmit_drops,
    ),
)
_UP = gauge(
    "host_network_up",
    "Whether the device is up and running (IFF_RUNNING); 0 as well for a configured device that "
    "is not there.",
    _DEVICE,
)

FAMILIES = (*(family for family, _ in _ROWS), _UP)


def collect(state: HostState) -> Metrics:
    moved = [((d.name,), d.traffic) for d in state.network if d.traffic is not None]
    for family, value_of in _ROWS:
        yield family, [(at, value_of(traffic)) for at, traffic in moved]
    yield _UP, [((d.name,), d.up) for d in state.network if d.up is not None]
