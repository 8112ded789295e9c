"""host_process_*: what MediaMTX, OBS and ffmpeg use."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.host.state import HostState, Program

_PROCESS = "process"

_ROWS: tuple[tuple[Family, Callable[[Program], float]], ...] = (
    (
        counter(
            "host_process_cpu_seconds_total",
            "CPU seconds of the program's processes (/proc/PID/stat), those that ended included.",
            _PROCESS,
        ),
        lambda program: program.cpu,
    ),
    (
        gauge(
            "host_process_resident_memory_bytes",
            "Resident memory of the program's processes (/proc/PID/statm); what they share "
            "counts for each.",
            _PROCESS,
        ),
        lambda program: program.resident_bytes,
    ),
    (
        gauge("host_processes", "Processes of the program that run now (/proc).", _PROCESS),
        lambda program: program.processes,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: HostState) -> Metrics:
    for family, value_of in _ROWS:
        yield family, [((program.name,), value_of(program)) for program in state.programs]
