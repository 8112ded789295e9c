"""Whole disks: no partitions, and nothing that only lies on top of a disk."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exporter.sources.host.devices import Devices
from exporter.sources.host.machine import Counts
from exporter.sources.host.state import Disk

_WHOLE_DISK = re.compile(r"(?:sd|hd|vd|xvd)[a-z]+|(?:nvme\d+n|mmcblk|nbd)\d+")


class Disks:
    def __init__(self) -> None:
        self._devices = Devices()

    def update(self, shown: Mapping[str, Counts]) -> tuple[Disk, ...]:
        whole = {name: counts for name, counts in shown.items() if _WHOLE_DISK.fullmatch(name)}
        return tuple(Disk(name, **totals) for name, totals in self._devices.update(whole).items())
