"""The host source as a whole."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.collectors import host_cpu, host_disks, host_network, host_processes
from exporter.sources.host.machine import Counts, Machine, Nic, Process
from exporter.sources.host.processes import PROGRAMS
from exporter.sources.host.source import HostSource
from exporter.sources.host.state import HostState
from exporter.sources.source import Source, SourceError, SourceId


def test_it_is_a_source() -> None:
    source: Source[HostState] = HostSource(None, None)
    assert source.id == SourceId("host", "host") == SourceId(HostSource.kind, HostSource.name)
    source.abort()
    source.close()


def test_this_machine_can_be_polled() -> None:
    state = HostSource(None, None).poll()
    assert 0 < state.booted_at < time.time()
    assert state.load.one >= 0
    assert len(state.cpus) == os.cpu_count()
    assert all(cpu.seconds["idle"] > 0 for cpu in state.cpus)
    assert 0 < state.memory.available < state.memory.total
    assert [f.mountpoint for f in state.filesystems] == ["/"]
    assert state.filesystems[0].space is not None
    assert "lo" not in [device.name for device in state.network]
    assert [program.name for program in state.programs] == ["mediamtx", "obs", "ffmpeg"]


def test_mounts_and_devices_are_those_that_were_given() -> None:
    state = HostSource(["/proc", "/"], ["lo"]).poll()
    assert [f.mountpoint for f in state.filesystems] == ["/proc", "/"]
    assert [device.name for device in state.network] == ["lo"]


def test_no_mounts_are_none_and_not_the_default() -> None:
    assert HostSource([], []).poll().filesystems == ()


def test_a_dead_mount_costs_the_deadline_and_only_its_own_space() -> None:
    back = threading.Event()

    def statvfs(mount: str) -> os.statvfs_result:
        assert mount == "/" or back.wait(10)
        return os.statvfs("/")

    source = HostSource(["/", "/dead"], None, mount_deadline=0.25, machine=Machine(statvfs=statvfs))
    state = source.poll()
    assert [f.space is None for f in state.filesystems] == [False, True]
    assert state.memory.total > 0
    back.set()


class StuckSensor(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def temperatures(self) -> Mapping[str, Sequence[tuple[str, float]]]:
        assert self.released.wait(10)
        return {"nvme": [("", 40.0)]}


def test_a_sensor_that_hangs_costs_only_the_temperatures() -> None:
    machine = StuckSensor()
    state = HostSource(None, None, mount_deadline=0.25, machine=machine).poll()
    assert state.temperatures == ()
    assert state.filesystems[0].space is not None
    machine.released.set()


@dataclass
class Shown:
    """What a made-up machine shows at one poll."""

    cpus: Sequence[Counts] = ()
    nics: Mapping[str, Nic] = field(default_factory=dict)
    disks: Mapping[str, Counts] = field(default_factory=dict)
    processes: Sequence[Process] = ()
    fails: bool = False


class MadeUpMachine(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.shown = Shown()

    def cpus(self) -> Sequence[Counts]:
        return self.shown.cpus

    def network(self) -> Mapping[str, Nic]:
        return self.shown.nics

    def disks(self) -> Mapping[str, Counts]:
        return self.shown.disks

    def processes(self, names: object) -> Sequence[Process]:
        if self.shown.fails:
            raise OSError("Too many open files")
        return self.shown.processes

    def temperatures(self) -> Mapping[str, Sequence[tuple[str, float]]]:
        return {}


def test_a_poll_that_fails_says_why_and_counts_nothing_twice() -> None:
    machine = MadeUpMachine()
    source = HostSource([], None, machine=machine)
    machine.shown = Shown(processes=[Process(7, "ffmpeg", 1.0, 0)])
    source.poll()
    machine.shown.fails = True
    with pytest.raises(SourceError, match="Too many open files"):
        source.poll()
    machine.shown = Shown(processes=[Process(7, "ffmpeg", 1.5, 0)])
    assert source.poll().programs[-1].cpu == 1.5


COUNTERS: tuple[ModuleType, ...] = (host_cpu, host_network, host_disks, host_processes)

Page = dict[tuple[str, tuple[str, ...]], float]


def counters_of(state: HostState) -> Page:
    return {
        (family.name, labels): value
        for module in COUNTERS
        for family, samples in module.collect(state)
        if family.kind == "counter"
        for labels, value in samples
    }


numbers = st.one_of(st.integers(0, 5), st.integers(0, 2**64))
seconds = st.one_of(st.integers(0, 5).map(float), st.floats(0, 1e9))


def counts(values: st.SearchStrategy[float], *names: str) -> st.SearchStrategy[Counts]:
    return st.fixed_dictionaries(dict.fromkeys(names, values))


traffic = counts(
    numbers,
    *(f"{way}_{what}" for way in ("receive", "transmit") for what in ("bytes", "packets")),
    *(f"{way}_{what}" for way in ("receive", "transmit") for what in ("errors", "drops")),
)
work = st.builds(
    dict[str, float],
    counts(numbers, "read_bytes", "written_bytes", "reads_completed", "writes_completed"),
    io_time=seconds,
)
processes = st.builds(
    Process, st.integers(1, 4), st.sampled_from(sorted(PROGRAMS)), seconds, st.just(0)
)
nics = st.builds(Nic, st.just(True), st.just(False), traffic)

KINDS: Mapping[str, st.SearchStrategy[Shown]] = {
    "cpus": st.builds(Shown, cpus=st.lists(counts(seconds, "idle", "iowait"), max_size=2)),
    "nics": st.builds(Shown, nics=st.dictionaries(st.sampled_from(["eth0", "tun0"]), nics)),
    "disks": st.builds(Shown, disks=st.dictionaries(st.sampled_from(["sda", "sdb"]), work)),
    "processes": st.builds(
        Shown,
        processes=st.lists(processes, unique_by=lambda process: process.identity),
        fails=st.booleans(),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_counter_ever_falls(kind: str, data: st.DataObject) -> None:
    machine = MadeUpMachine()
    source = HostSource([], None, machine=machine)
    highest: Page = {}
    for machine.shown in data.draw(st.lists(KINDS[kind], min_size=2, max_size=5)):
        try:
            page = counters_of(source.poll())
        except SourceError:
            continue
        fell = {series for series, value in page.items() if value < highest.get(series, 0)}
        assert not fell
        highest |= page
