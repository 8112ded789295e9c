"""host_filesystem_*: the space of the watched mounts."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, gauge
from exporter.sources.host.state import HostState, Space

_MOUNT = "mountpoint"

_ROWS: tuple[tuple[Family, Callable[[Space], float]], ...] = (
    (
        gauge("host_filesystem_size_bytes", "Size of the file system (statvfs).", _MOUNT),
        lambda space: space.size,
    ),
    (
        gauge("host_filesystem_free_bytes", "Free space, root's reserve included.", _MOUNT),
        lambda space: space.free,
    ),
    (
        gauge("host_filesystem_avail_bytes", "Free space for users other than root.", _MOUNT),
        lambda space: space.available,
    ),
    (
        gauge("host_filesystem_readonly", "Whether it is mounted read-only.", _MOUNT),
        lambda space: space.readonly,
    ),
)
_ERROR = gauge(
    "host_filesystem_device_error",
    "Whether statvfs failed or did not answer in time; its other series are missing then.",
    _MOUNT,
)

FAMILIES = (*(family for family, _ in _ROWS), _ERROR)


def collect(state: HostState) -> Metrics:
    spaces = [((f.mountpoint,), f.space) for f in state.filesystems if f.space is not None]
    for family, value_of in _ROWS:
        yield family, [(at, value_of(space)) for at, space in spaces]
    yield _ERROR, [((f.mountpoint,), f.space is None) for f in state.filesystems]
