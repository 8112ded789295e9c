"""host_disk_*: what the disks read and write."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter
from exporter.sources.host.state import Disk, HostState

_DEVICE = "device"

_ROWS: tuple[tuple[Family, Callable[[Disk], float]], ...] = (
    (
        counter("host_disk_read_bytes_total", "Bytes read (/proc/diskstats).", _DEVICE),
        lambda disk: disk.read_bytes,
    ),
    (
        counter("host_disk_written_bytes_total", "Bytes written (/proc/diskstats).", _DEVICE),
        lambda disk: disk.written_bytes,
    ),
    (
        counter("host_disk_reads_completed_total", "Reads completed (/proc/diskstats).", _DEVICE),
        lambda disk: disk.reads_completed,
    ),
    (
        counter("host_disk_writes_completed_total", "Writes completed (/proc/diskstats).", _DEVICE),
        lambda disk: disk.writes_completed,
    ),
    (
        counter(
            "host_disk_io_time_seconds_total",
            "Seconds in which the disk had something to do (/proc/diskstats).",
            _DEVICE,
        ),
        lambda disk: disk.io_time,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: HostState) -> Metrics:
    for family, value_of in _ROWS:
        yield family, [((disk.name,), value_of(disk)) for disk in state.disks]
