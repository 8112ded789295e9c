"""host_*: what each collector makes of a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from exporter.collectors import (
    host_cpu,
    host_disks,
    host_filesystems,
    host_memory,
    host_network,
    host_processes,
    host_system,
    host_temperatures,
)
from exporter.exposition import Renderer
from exporter.sources.host.machine import Machine
from exporter.sources.host.source import HostSource
from exporter.sources.host.state import (
    Cpu,
    Disk,
    Filesystem,
    HostState,
    Load,
    Memory,
    NetworkDevice,
    Program,
    Space,
    Temperature,
    Traffic,
)

MODULES = (
    *(host_cpu, host_disks, host_filesystems, host_memory),
    *(host_network, host_processes, host_system, host_temperatures),
)

STATE = HostState(
    booted_at=1_700_000_000.0,
    load=Load(0.5, 1.5, 2.5),
    cpus=(Cpu("0", {"user": 1.5, "idle": 8.0}), Cpu("1", {"user": 2.5, "idle": 7.0})),
    memory=Memory(800, 500, 200, 100, 50, 70, 60),
    filesystems=(
        Filesystem("/", Space(1_000, 600, 500, readonly=False)),
        Filesystem("/dead", None),
        Filesystem("/iso", Space(10, 0, 0, readonly=True)),
    ),
    network=(
        NetworkDevice("eth0", True, Traffic(1, 2, 3, 4, 5, 6, 7, 8)),
        NetworkDevice("tun0", None, Traffic(0, 0, 0, 0, 0, 0, 0, 0)),
        NetworkDevice("usb0", False, None),
    ),
    disks=(Disk("sda", 10, 20, 30, 40, 0.5),),
    temperatures=(Temperature("coretemp", "Core 0", 41.5),),
    programs=(Program("mediamtx", 1, 12.5, 4_096), Program("obs", 0, 0.0, 0)),
)


def lines(module: ModuleType, state: HostState = STATE) -> list[str]:
    renderer = Renderer()
    return [
        line
        for family, samples in module.collect(state)
        for line in renderer.body(family, samples).decode().splitlines()
    ]


def test_cpu() -> None:
    assert lines(host_cpu) == [
        'host_cpu_seconds_total{cpu="0",mode="user"} 1.5',
        'host_cpu_seconds_total{cpu="0",mode="idle"} 8.0',
        'host_cpu_seconds_total{cpu="1",mode="user"} 2.5',
        'host_cpu_seconds_total{cpu="1",mode="idle"} 7.0',
    ]


def test_memory() -> None:
    assert lines(host_memory) == [
        "host_memory_total_bytes 800.0",
        "host_memory_available_bytes 500.0",
        "host_memory_free_bytes 200.0",
        "host_memory_cached_bytes 100.0",
        "host_memory_buffers_bytes 50.0",
        "host_swap_total_bytes 70.0",
        "host_swap_free_bytes 60.0",
    ]


def test_a_dead_mount_has_an_error_and_nothing_else() -> None:
    assert lines(host_filesystems) == [
        'host_filesystem_size_bytes{mountpoint="/"} 1000.0',
        'host_filesystem_size_bytes{mountpoint="/iso"} 10.0',
        'host_filesystem_free_bytes{mountpoint="/"} 600.0',
        'host_filesystem_free_bytes{mountpoint="/iso"} 0.0',
        'host_filesystem_avail_bytes{mountpoint="/"} 500.0',
        'host_filesystem_avail_bytes{mountpoint="/iso"} 0.0',
        'host_filesystem_readonly{mountpoint="/"} 0.0',
        'host_filesystem_readonly{mountpoint="/iso"} 1.0',
        'host_filesystem_device_error{mountpoint="/"} 0.0',
        'host_filesystem_device_error{mountpoint="/dead"} 1.0',
        'host_filesystem_device_error{mountpoint="/iso"} 0.0',
    ]


def test_network() -> None:
    assert [line for line in lines(host_network) if "tun0" not in line] == [
        'host_network_receive_bytes_total{device="eth0"} 1.0',
        'host_network_transmit_bytes_total{device="eth0"} 2.0',
        'host_network_receive_packets_total{device="eth0"} 3.0',
        'host_network_transmit_packets_total{device="eth0"} 4.0',
        'host_network_receive_errs_total{device="eth0"} 5.0',
        'host_network_transmit_errs_total{device="eth0"} 6.0',
        'host_network_receive_drop_total{device="eth0"} 7.0',
        'host_network_transmit_drop_total{device="eth0"} 8.0',
        'host_network_up{device="eth0"} 1.0',
        'host_network_up{device="usb0"} 0.0',
    ]


def test_an_unknown_link_is_neither_up_nor_down() -> None:
    about_tun0 = [line for line in lines(host_network) if "tun0" in line]
    assert len(about_tun0) == 8
    assert not any(line.startswith("host_network_up") for line in about_tun0)


def test_disks() -> None:
    assert lines(host_disks) == [
        'host_disk_read_bytes_total{device="sda"} 10.0',
        'host_disk_written_bytes_total{device="sda"} 20.0',
        'host_disk_reads_completed_total{device="sda"} 30.0',
        'host_disk_writes_completed_total{device="sda"} 40.0',
        'host_disk_io_time_seconds_total{device="sda"} 0.5',
    ]


def test_system() -> None:
    assert lines(host_system) == [
        "host_load1 0.5",
        "host_load5 1.5",
        "host_load15 2.5",
        "host_boot_time_seconds 1.7e+09",
    ]


def test_temperatures() -> None:
    assert lines(host_temperatures) == [
        'host_temperature_celsius{chip="coretemp",sensor="Core 0"} 41.5'
    ]
    assert lines(host_temperatures, replace(STATE, temperatures=())) == []


def test_a_program_that_does_not_run_is_zero() -> None:
    assert lines(host_processes) == [
        'host_process_cpu_seconds_total{process="mediamtx"} 12.5',
        'host_process_cpu_seconds_total{process="obs"} 0.0',
        'host_process_resident_memory_bytes{process="mediamtx"} 4096.0',
        'host_process_resident_memory_bytes{process="obs"} 0.0',
        'host_processes{process="mediamtx"} 1.0',
        'host_processes{process="obs"} 0.0',
    ]


def live() -> HostState:
    return HostSource(None, None, machine=Machine()).poll()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
@pytest.mark.parametrize("state", [lambda: STATE, live], ids=["literal", "this machine"])
def test_every_family_is_declared_and_has_the_labels_it_declares(
    module: ModuleType, state: Callable[[], HostState]
) -> None:
    metrics = list(module.collect(state()))
    assert [family for family, _ in metrics] == list(module.FAMILIES)
    for family, samples in metrics:
        assert all(len(labels) == len(family.labels) for labels, _ in samples)
        assert len({labels for labels, _ in samples}) == len(samples)


def test_the_modules_share_no_name_and_begin_with_host() -> None:
    names = [family.name for module in MODULES for family in module.FAMILIES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("host_") for name in names)
