"""The host source: one poll of everything that is known of the machine."""

from __future__ import annotations

import time
from collections.abc import Sequence

from exporter.sources.host.cpu import Cpus
from exporter.sources.host.disks import Disks
from exporter.sources.host.filesystems import Filesystems
from exporter.sources.host.machine import Machine
from exporter.sources.host.network import Network
from exporter.sources.host.processes import PROGRAMS, Programs
from exporter.sources.host.state import HostState
from exporter.sources.host.temperatures import temperatures
from exporter.sources.source import SourceError, SourceId
from leitstand.calls import Call


class HostSource:
    """Watches this machine.

    `mounts` are those whose space is asked for, `/` if None; `devices` are network devices, all
    but loopback if None. A poll waits at most `mount_deadline` seconds for mounts and sensors.
    """

    kind = "host"
    name = "host"
    id = SourceId(kind, name)

    def __init__(
        self,
        mounts: Sequence[str] | None,
        devices: Sequence[str] | None,
        *,
        mount_deadline: float = 1.0,
        machine: Machine | None = None,
    ) -> None:
        self._machine = machine = Machine() if machine is None else machine
        self._deadline = mount_deadline
        self._filesystems = Filesystems(("/",) if mounts is None else mounts, machine.statvfs)
        # A sensor is as slow as the disk or the card that it sits on.
        self._temperatures = Call("temperatures", machine.temperatures)
        self._cpus = Cpus()
        self._network = Network(devices)
        self._disks = Disks()
        self._programs = Programs()

    def poll(self) -> HostState:
        try:
            return self._poll()
        except OSError as error:
            raise SourceError(f"cannot read what the kernel says: {error}") from error

    def abort(self) -> None:
        """Nothing to do: a poll ends within its deadline."""

    def close(self) -> None:
        """Nothing to do: a thread that still hangs is a daemon."""

    def _poll(self) -> HostState:
        until = time.monotonic() + self._deadline
        self._filesystems.start()
        self._temperatures.start()
        machine = self._machine
        return HostState(
            booted_at=machine.booted_at(),
            load=machine.load(),
            cpus=self._cpus.update(machine.cpus()),
            memory=machine.memory(),
            network=self._network.update(machine.network()),
            disks=self._disks.update(machine.disks()),
            programs=self._programs.update(machine.processes(PROGRAMS)),
            # Last: by now most of what may be slow has answered.
            filesystems=self._filesystems.finish(until),
            temperatures=temperatures(self._temperatures.answer(until) or {}),
        )
