"""Processes by program: real ones, which the tests start under the programs' names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from exporter.sources.host.machine import Machine, Process
from exporter.sources.host.processes import PROGRAMS, Programs
from exporter.sources.host.state import Program

BUSY = """
import time
while time.process_time() < 0.05: pass
print("worked", flush=True)
input()
"""
BECOME_ANOTHER = """
import os, sys
print("waits", flush=True)
input()
os.execv(sys.argv[1], [sys.argv[1], "-S", "-c", sys.argv[2]])
"""

Child = subprocess.Popen[bytes]


class Start:
    """Starts processes of any name, which have said a first word when they are returned."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack

    def __call__(self, name: str, script: str = BUSY, *args: str | Path) -> Child:
        """By default one that has used some CPU time and now waits."""
        child = self._stack.enter_context(
            subprocess.Popen(
                [self.program(name), "-S", "-c", script, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        self._stack.callback(child.kill)
        listen(child)
        return child

    def program(self, name: str) -> Path:
        program = self._folder / name
        if not program.exists():
            program.symlink_to(sys.executable)
        return program


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:
        yield Start(tmp_path, stack)


def listen(child: Child) -> None:
    assert child.stdout is not None
    assert child.stdout.readline()


def go_on(child: Child) -> None:
    assert child.stdin is not None
    child.stdin.write(b"\n")
    child.stdin.flush()
    listen(child)


def end(child: Child) -> None:
    child.kill()
    child.wait()


def machine_with(children: Sequence[Child]) -> Machine:
    """A machine that runs nothing else, since this one may run programs of those names."""
    return Machine(process_iter=lambda: [psutil.Process(child.pid) for child in children])


def by_name(programs: Programs, found: Sequence[Process]) -> dict[str, Program]:
    return {program.name: program for program in programs.update(found)}


def look(programs: Programs, children: Sequence[Child]) -> dict[str, Program]:
    return by_name(programs, machine_with(children).processes(PROGRAMS))


def test_a_program_is_found_among_all_processes_of_this_machine(start: Start) -> None:
    child = start("ffmpeg")
    (found,) = [
        process
        for process in Machine().processes(PROGRAMS)
        if process.identity == psutil.Process(child.pid)
    ]
    assert found.name == "ffmpeg"
    assert found.cpu > 0
    assert found.resident_bytes > 100_000


def test_other_programs_are_not_looked_at(start: Start) -> None:
    assert look(Programs(), [start("ffmpeg2"), start("myobs")]) == look(Programs(), [])


def test_what_does_not_run_is_zero() -> None:
    assert list(look(Programs(), []).values()) == [
        Program(name, 0, 0.0, 0) for name in ("mediamtx", "obs", "ffmpeg")
    ]


def test_processes_are_summed_by_program(start: Start) -> None:
    children = [start("obs"), start("obs-ffmpeg-mux"), start("obs64.exe"), start("mediamtx")]
    shown = look(Programs(), children)
    assert {name: program.processes for name, program in shown.items()} == {
        "mediamtx": 1,
        "obs": 3,
        "ffmpeg": 0,
    }
    assert shown["obs"].cpu > shown["mediamtx"].cpu > 0
    assert shown["obs"].resident_bytes > shown["mediamtx"].resident_bytes > 0


def test_cpu_time_stays_when_a_process_ends(start: Start) -> None:
    programs, first, second = Programs(), start("ffmpeg"), start("ffmpeg")
    both = look(programs, [first, second])["ffmpeg"]
    end(first)
    one = look(programs, [second])["ffmpeg"]
    end(second)
    none = look(programs, [])["ffmpeg"]
    assert (both.processes, one.processes, none.processes) == (2, 1, 0)
    assert both.cpu <= one.cpu <= none.cpu
    assert none.resident_bytes == 0
    assert look(programs, [start("ffmpeg")])["ffmpeg"].cpu > none.cpu


def test_a_process_is_counted_once_however_the_clock_is_set(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, child = Programs(), start("ffmpeg")
    before = look(programs, [child])["ffmpeg"].cpu
    # What a step of the clock does to psutil's creation times.
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 1_000_000.0)
    assert look(programs, [child])["ffmpeg"].cpu < 2 * before


def test_a_process_that_became_another_program_takes_nothing_along() -> None:
    programs = Programs()
    programs.update([Process("pid 7", "mediamtx", 2.0, 10)])
    shown = by_name(programs, [Process("pid 7", "ffmpeg", 2.5, 10)])
    assert (shown["mediamtx"].cpu, shown["ffmpeg"].cpu) == (2.0, 0.5)


def test_a_process_that_becomes_one_of_the_programs_is_noticed(start: Start) -> None:
    child = start("starter", BECOME_ANOTHER, start.program("ffmpeg"), BUSY)
    machine = machine_with([child])
    assert machine.processes(PROGRAMS) == []
    go_on(child)
    assert [len(machine.processes(PROGRAMS)) for _ in range(5)][-1] == 1


def test_names_of_other_programs_are_not_read_at_every_poll(start: Start) -> None:
    read: list[str] = []

    class Watched(psutil.Process):
        def name(self) -> str:
            read.append(super().name())
            return read[-1]

    pids = [start("browser").pid, start("ffmpeg").pid]
    machine = Machine(process_iter=lambda: map(Watched, pids))
    for _ in range(10):
        machine.processes(PROGRAMS)
    assert read.count("ffmpeg") == 10
    assert 2 <= read.count("browser") <= 3


def test_a_zombie_is_no_process(start: Start) -> None:
    programs, child = Programs(), start("ffmpeg")
    alive = look(programs, [child])["ffmpeg"]
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert look(programs, [child])["ffmpeg"] == Program("ffmpeg", 0, alive.cpu, 0)


def test_a_process_that_ends_between_listing_and_reading_is_skipped(start: Start) -> None:
    child = start("ffmpeg")
    listed = [psutil.Process(child.pid), psutil.Process(start("mediamtx").pid)]
    end(child)
    found = Machine(process_iter=lambda: listed).processes(PROGRAMS)
    assert [process.name for process in found] == ["mediamtx"]


class Forbidden(psutil.Process):
    def status(self) -> NoReturn:
        raise psutil.AccessDenied(self.pid)


class GivenAnew(psutil.Process):
    """Its pid belongs to another process by now."""

    def is_running(self) -> bool:
        return False


@pytest.mark.parametrize("kind", [Forbidden, GivenAnew])
def test_a_process_that_cannot_be_read_is_skipped(start: Start, kind: type[psutil.Process]) -> None:
    child = start("ffmpeg")
    assert Machine(process_iter=lambda: [kind(child.pid)]).processes(PROGRAMS) == []
