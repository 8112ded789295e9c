"""Network devices: those that are configured, or all but loopback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.sources.host.devices import LIMIT, Devices
from exporter.sources.host.machine import Nic
from exporter.sources.host.state import NetworkDevice, Traffic


class Network:
    def __init__(self, configured: Sequence[str] | None) -> None:
        self._configured = None if configured is None else tuple(dict.fromkeys(configured))
        self._devices = Devices(LIMIT if configured is None else len(configured))

    def update(self, nics: Mapping[str, Nic]) -> tuple[NetworkDevice, ...]:
        totals = self._devices.update(
            {name: nic.counts for name, nic in nics.items() if self._is_watched(name, nic)}
        )
        there = [NetworkDevice(name, nics[name].up, Traffic(**t)) for name, t in totals.items()]
        missing = [name for name in self._configured or () if name not in totals]
        return (*there, *(NetworkDevice(name, up=False, traffic=None) for name in missing))

    def _is_watched(self, name: str, nic: Nic) -> bool:
        return not nic.loopback if self._configured is None else name in self._configured
