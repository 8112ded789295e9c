"""psutil's one home: what the kernel says right now, as plain values in base units."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from exporter.sources.host.state import Load, Memory

Counts = Mapping[str, float]
"""Raw counters by name; of a device, the fields of its dataclass in `state`."""

# Guests' time is part of `user` and `nice`: counted once, the modes add up to the time that passed.
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_TURNS = 5


@dataclass(frozen=True, slots=True)
class Nic:
    """A network device; `up` is None if it went away while it was looked at."""

    up: bool | None
    loopback: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class Process:
    """A living process. `identity` differs where a later one has the same pid."""

    identity: Hashable
    name: str
    cpu: float
    resident_bytes: float


def statvfs_of_mount(mount: str) -> os.statvfs_result:
    """Raises OSError where nothing is mounted: the space of the disk below is not meant."""
    if not os.path.ismount(mount):
        raise NotADirectoryError(errno.ENOTDIR, "nothing is mounted there", mount)
    return os.statvfs(mount)


class Machine:
    """Asks the kernel; keeps nothing between two calls but which processes are of no interest."""

    def __init__(
        self,
        statvfs: Callable[[str], os.statvfs_result] | None = None,
        process_iter: Callable[[], Iterable[psutil.Process]] = psutil.process_iter,
    ) -> None:
        self.statvfs = statvfs or statvfs_of_mount
        self._process_iter = process_iter
        self._others: set[psutil.Process] = set()
        self._turn = 0

    def booted_at(self) -> float:
        return psutil.boot_time()

    def load(self) -> Load:
        return Load(*psutil.getloadavg())

    def cpus(self) -> Sequence[Counts]:
        return [
            {mode: getattr(times, mode) for mode in _MODES}
            for times in psutil.cpu_times(percpu=True)
        ]

    def memory(self) -> Memory:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        return Memory(
            total=memory.total,
            available=memory.available,
            free=memory.free,
            cached=memory.cached,
            buffers=memory.buffers,
            swap_total=swap.total,
            swap_free=swap.free,
        )

    def network(self) -> Mapping[str, Nic]:
        counters = psutil.net_io_counters(pernic=True, nowrap=False)
        stats = psutil.net_if_stats()
        return {
            name: Nic(
                up=stats[name].isup if name in stats else None,
                loopback=name in stats and "loopback" in stats[name].flags.split(","),
                counts={
                    "receive_bytes": shown.bytes_recv,
                    "transmit_bytes": shown.bytes_sent,
                    "receive_packets": shown.packets_recv,
                    "transmit_packets": shown.packets_sent,
                    "receive_errors": shown.errin,
                    "transmit_errors": shown.errout,
                    "receive_drops": shown.dropin,
                    "transmit_drops": shown.dropout,
                },
            )
            for name, shown in counters.items()
        }

    def disks(self) -> Mapping[str, Counts]:
        """Every block device, partitions as well; none where the kernel does not count them."""
        try:
            counters = psutil.disk_io_counters(perdisk=True, nowrap=False)
        except NotImplementedError:
            return {}
        return {
            name: {
                "read_bytes": shown.read_bytes,
                "written_bytes": shown.write_bytes,
                "reads_completed": shown.read_count,
                "writes_completed": shown.write_count,
                "io_time": shown.busy_time / 1000,
            }
            for name, shown in counters.items()
        }

    def temperatures(self) -> Mapping[str, Sequence[tuple[str, float]]]:
        """Label (often empty, not always unique) and degrees of each sensor, by chip."""
        return {
            chip: [(sensor.label, sensor.current) for sensor in sensors]
            for chip, sensors in psutil.sensors_temperatures().items()
        }

    def processes(self, names: Container[str]) -> Sequence[Process]:
        """Those with one of these names: only of them more than the name is read.

        Reading 300 names takes longer than all the rest of a poll. One that had another name is
        looked at again every fifth time, since it may become a different program (exec).
        """
        self._turn += 1
        before, self._others = self._others, set()
        found: list[Process | None] = []
        for process in self._process_iter():
            if process in before and (process.pid + self._turn) % _TURNS:
                self._others.add(process)
                continue
            # Ended meanwhile, or not ours to look at.
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                name = process.name().lower().removesuffix(".exe")
                if name in names:
                    found.append(_read(process, name))
                else:
                    self._others.add(process)
        return [process for process in found if process is not None]


def _read(process: psutil.Process, name: str) -> Process | None:
    """None for a zombie, and where psutil still holds what it knew of the pid's last process."""
    if not process.is_running():
        return None
    with process.oneshot():
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        times = process.cpu_times()
        # Not create_time(), which jumps with the clock: psutil compares by time since boot.
        return Process(process, name, times.user + times.system, process.memory_info().rss)
