"""host_memory_* and host_swap_*: how much memory there is, and how much is left."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, gauge
from exporter.sources.host.state import HostState, Memory

_ROWS: tuple[tuple[Family, Callable[[Memory], float]], ...] = (
    (
        gauge("host_memory_total_bytes", "Memory (/proc/meminfo, MemTotal)."),
        lambda memory: memory.total,
    ),
    (
        gauge(
            "host_memory_available_bytes",
            "Memory that programs can get without swapping (/proc/meminfo, MemAvailable).",
        ),
        lambda memory: memory.available,
    ),
    (
        gauge("host_memory_free_bytes", "Memory used for nothing (/proc/meminfo, MemFree)."),
        lambda memory: memory.free,
    ),
    (
        gauge(
            "host_memory_cached_bytes",
            "Memory that caches files (/proc/meminfo, Cached + SReclaimable).",
        ),
        lambda memory: memory.cached,
    ),
    (
        gauge(
            "host_memory_buffers_bytes",
            "Memory that caches block devices (/proc/meminfo, Buffers).",
        ),
        lambda memory: memory.buffers,
    ),
    (
        gauge("host_swap_total_bytes", "Swap space (/proc/meminfo, SwapTotal)."),
        lambda memory: memory.swap_total,
    ),
    (
        gauge("host_swap_free_bytes", "Swap space not in use (/proc/meminfo, SwapFree)."),
        lambda memory: memory.swap_free,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: HostState) -> Metrics:
    for family, value_of in _ROWS:
        yield family, [((), value_of(state.memory))]
