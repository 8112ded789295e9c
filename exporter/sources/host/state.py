"""What is known of the host after a poll, in base units; None is unknown or not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cpu:
    """One CPU and the seconds it spent in each mode."""

    name: str
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of memory and swap."""

    total: float
    available: float
    free: float
    cached: float
    buffers: float
    swap_total: float
    swap_free: float


@dataclass(frozen=True, slots=True)
class Load:
    """Load averages over 1, 5 and 15 minutes."""

    one: float
    five: float
    fifteen: float


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of a file system; `available` is what is left for users other than root."""

    size: float
    free: float
    available: float
    readonly: bool


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One watched mount; without `space` it failed or did not answer in time."""

    mountpoint: str
    space: Space | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one network device moved."""

    receive_bytes: float
    transmit_bytes: float
    receive_packets: float
    transmit_packets: float
    receive_errors: float
    transmit_errors: float
    receive_drops: float
    transmit_drops: float


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """One network device. A configured one that is not there is down and has no `traffic`."""

    name: str
    up: bool | None
    traffic: Traffic | None


@dataclass(frozen=True, slots=True)
class Disk:
    """One whole disk and what was done with it."""

    name: str
    read_bytes: float
    written_bytes: float
    reads_completed: float
    writes_completed: float
    io_time: float


@dataclass(frozen=True, slots=True)
class Temperature:
    """One sensor; no two have the same chip and sensor."""

    chip: str
    sensor: str
    celsius: float


@dataclass(frozen=True, slots=True)
class Program:
    """All processes of one program; `cpu` is the seconds of those that ended as well."""

    name: str
    processes: int
    cpu: float
    resident_bytes: float


@dataclass(frozen=True, slots=True)
class HostState:
    booted_at: float
    load: Load
    cpus: tuple[Cpu, ...]
    memory: Memory
    filesystems: tuple[Filesystem, ...]
    network: tuple[NetworkDevice, ...]
    disks: tuple[Disk, ...]
    temperatures: tuple[Temperature, ...]
    programs: tuple[Program, ...]
