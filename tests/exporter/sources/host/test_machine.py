"""psutil's answers in our words and units; psutil itself is made to say what few machines do."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from exporter.sources.host.machine import Machine, Nic
from exporter.sources.host.state import Load, Memory


class Psutil:
    """Lets psutil say something, and checks how it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def says(self, function: str, answer: object, **asked: bool) -> None:
        def tell(**how: Any) -> object:
            assert how == asked
            return answer

        self._monkeypatch.setattr(psutil, function, tell)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Psutil:
    return Psutil(monkeypatch)


def test_the_modes_of_a_cpu_leave_out_guests_which_are_counted_already(fake: Psutil) -> None:
    modes = {"user": 1.0, "nice": 2.0, "system": 3.0, "idle": 4.0}
    modes |= {"iowait": 5.0, "irq": 6.0, "softirq": 7.0, "steal": 8.0}
    fake.says("cpu_times", [SimpleNamespace(**modes, guest=0.5, guest_nice=0.5)], percpu=True)
    assert Machine().cpus() == [modes]


def test_memory(fake: Psutil) -> None:
    memory = {"total": 1, "available": 2, "free": 3, "cached": 4, "buffers": 5}
    fake.says("virtual_memory", SimpleNamespace(**memory, used=99))
    fake.says("swap_memory", SimpleNamespace(total=6, free=7, used=99))
    assert Machine().memory() == Memory(1, 2, 3, 4, 5, swap_total=6, swap_free=7)


def test_load_and_boot(fake: Psutil) -> None:
    fake.says("getloadavg", (1.0, 2.0, 3.0))
    fake.says("boot_time", 1_700_000_000.0)
    assert Machine().load() == Load(one=1.0, five=2.0, fifteen=3.0)
    assert Machine().booted_at() == 1_700_000_000.0


TRAFFIC = SimpleNamespace(
    **{"bytes_recv": 1, "bytes_sent": 2, "packets_recv": 3, "packets_sent": 4},
    **{"errin": 5, "errout": 6, "dropin": 7, "dropout": 8},
)
COUNTS = {
    "receive_bytes": 1,
    "transmit_bytes": 2,
    "receive_packets": 3,
    "transmit_packets": 4,
    "receive_errors": 5,
    "transmit_errors": 6,
    "receive_drops": 7,
    "transmit_drops": 8,
}


def test_network(fake: Psutil) -> None:
    names = ("lo", "eth0", "vanished")
    stats = {
        "lo": SimpleNamespace(isup=True, flags="up,loopback,running"),
        "eth0": SimpleNamespace(isup=False, flags="up,broadcast"),
    }
    fake.says("net_io_counters", dict.fromkeys(names, TRAFFIC), pernic=True, nowrap=False)
    fake.says("net_if_stats", stats)
    assert Machine().network() == {
        "lo": Nic(up=True, loopback=True, counts=COUNTS),
        "eth0": Nic(up=False, loopback=False, counts=COUNTS),
        "vanished": Nic(up=None, loopback=False, counts=COUNTS),
    }


def test_disks(fake: Psutil) -> None:
    times = {"read_time": 99, "write_time": 99, "busy_time": 1_250}
    shown = SimpleNamespace(read_bytes=1, write_bytes=2, read_count=3, write_count=4, **times)
    fake.says("disk_io_counters", {"sda": shown}, perdisk=True, nowrap=False)
    assert Machine().disks() == {
        "sda": {
            "read_bytes": 1,
            "written_bytes": 2,
            "reads_completed": 3,
            "writes_completed": 4,
            "io_time": 1.25,
        }
    }


def test_a_kernel_that_does_not_count_disks_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**how: bool) -> None:
        raise NotImplementedError

    monkeypatch.setattr(psutil, "disk_io_counters", refuse)
    assert Machine().disks() == {}


def test_temperatures(fake: Psutil) -> None:
    sensors = [SimpleNamespace(label="Core 0", current=41.0, high=90.0, critical=None)]
    fake.says("sensors_temperatures", {"coretemp": sensors, "acpitz": []})
    assert Machine().temperatures() == {"coretemp": [("Core 0", 41.0)], "acpitz": []}


def test_this_machine_answers_to_all_of_it() -> None:
    machine = Machine()
    assert machine.statvfs("/").f_blocks == os.statvfs("/").f_blocks
    assert machine.booted_at() == psutil.boot_time()
    assert len(machine.cpus()) == psutil.cpu_count()
    assert machine.memory().total == psutil.virtual_memory().total
    assert machine.network()["lo"].loopback
    assert isinstance(machine.disks(), dict)
    assert isinstance(machine.temperatures(), dict)
