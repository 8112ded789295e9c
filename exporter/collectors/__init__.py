"""The table of collectors: what each kind of source is turned into. A new collector is one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from exporter.collectors import (
    forwards,
    hls,
    host_cpu,
    host_disks,
    host_filesystems,
    host_memory,
    host_network,
    host_processes,
    host_system,
    host_temperatures,
    obs_inputs,
    obs_picture,
    obs_record,
    obs_stream,
    obs_studio,
    paths,
    recordings,
    server,
    sessions,
    srt,
    status,
    tracks,
)
from exporter.family import Family, Metrics

BY_KIND: Mapping[str, tuple[ModuleType, ...]] = {
    "mediamtx": (server, paths, tracks, sessions, srt, hls),
    "mediamtx_forwards": (forwards,),
    "mediamtx_recordings": (recordings,),
    "obs": (obs_studio, obs_stream, obs_record, obs_inputs, obs_picture),
    "host": (
        host_cpu,
        host_disks,
        host_memory,
        host_filesystems,
        host_network,
        host_system,
        host_temperatures,
        host_processes,
    ),
}
"""Source kind -> modules with `FAMILIES` and `collect(state)`."""

FAMILIES: tuple[Family, ...] = (
    *status.FAMILIES,
    *(family for modules in BY_KIND.values() for module in modules for family in module.FAMILIES),
)
"""Every family there is, in the order of the page."""


def collect(kind: str, state: Any) -> Metrics:
    """All metrics of one state of that kind."""
    for module in BY_KIND[kind]:
        gather: Callable[[Any], Metrics] = module.collect
        yield from gather(state)
