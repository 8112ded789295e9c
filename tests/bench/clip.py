"""An exact clip of a minute, out of files of many lengths and over seams, beside other programs.

Each is a whole process, in turn with the others on the same file; smartcut has a venv of its own.
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from leitstand.cut.request import Part, Request
from leitstand.cut.stored import stored
from tests.bench.footage import after_key_frame, evening, recordings, segments
from tests.bench.rows import Row, median
from tests.running import leitstand

_ROUNDS = 5
_SECONDS = 60.0
_LATER = 5.1
_SMARTCUT = "smartcut==1.7"
_LOOK_SECONDS = 0.01
_SEAMS = 20
_SEGMENT_SECONDS = 4.0
_CUT = """import json, sys
from leitstand.cut import cut
from leitstand.cut.stored import restored
cut(restored(json.loads(sys.argv[1])))
"""

_PIPES: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}

Command = Callable[[Path, float, Path], Sequence[str]]
Making = Callable[[Path], Sequence[str]]
"""The command that makes a clip of that path."""


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds from start to end, and those of one core that its processes took."""

    seconds: float
    cpu: float


def rows() -> Iterator[Row]:
    short, long = recordings()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        others = {"smartcut": _smartcut(_made(folder / "smartcut")), "copy": _copy, "all": _anew}
        commands = {"leitstand": _leitstand, **others}
        runs = _in_turn(commands, long, folder)
        brief = _in_turn({"leitstand": _leitstand}, short, folder)["leitstand"]
        most = {name: _most_memory(commands[name], long, folder) for name in commands}
    ours, theirs = runs["leitstand"], runs["smartcut"]
    took = {name: median(run.seconds for run in each) for name, each in runs.items()}
    yield Row("exact clip, 60 s out of 1 h, the command", took["leitstand"], "s")
    yield Row("the same by smartcut 1.7", took["smartcut"], "s")
    ratio = median(a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True))
    yield Row("ours, of smartcut's time", ratio, "x", 0.2)
    cores = median(a.cpu / b.cpu for a, b in zip(ours, theirs, strict=True))
    yield Row("ours, of smartcut's CPU time", cores, "x")
    yield Row("the same by ffmpeg -c copy, which is not exact", took["copy"], "s")
    yield Row("the same by ffmpeg, all encoded anew (veryfast)", took["all"], "s")
    five = median(run.seconds for run in brief)
    yield Row("exact clip, 60 s out of 5 min", five, "s")
    yield Row("out of 1 h, of the time out of 5 min", took["leitstand"] / five, "x", 1.2)
    yield Row(
        "exact clip: memory of all its processes (PSS), highest", most["leitstand"], "MB", 250
    )
    yield Row("the same by smartcut", most["smartcut"], "MB")
    yield from _late()
    yield from _over_seams()


def _late() -> Iterator[Row]:
    """At 11 h of 12 h, in turn with the same out of 5 minutes."""
    short, long = evening()
    late, early = after_key_frame(long, 39_600.0, _LATER), after_key_frame(short, 105.0, _LATER)
    commands: Mapping[str, Making] = {
        "late": lambda target: _leitstand(long, late, target),
        "early": lambda target: _leitstand(short, early, target),
    }
    with tempfile.TemporaryDirectory() as folder:
        runs = _alternating(commands, Path(folder))
    wall, cpu = _ratios(runs["late"], runs["early"])
    yield Row("exact clip at 11 h of 12 h, of the time out of 5 min", wall, "x", 1.2)
    yield Row("of its CPU time", cpu, "x")


def _over_seams() -> Iterator[Row]:
    """Over 20 seams of one stream, in turn with the same out of one file."""
    whole, files = segments()
    files = files[: _SEAMS + 1]
    parts = [Part(file, 0.0, _SEGMENT_SECONDS) for file in files]
    parts[0] = Part(files[0], 1.5, _SEGMENT_SECONDS)
    parts[-1] = Part(files[-1], 0.0, 2.5)
    one = Part(whole, 1.5, _SEGMENT_SECONDS * _SEAMS + 2.5)
    commands: Mapping[str, Making] = {
        "parts": lambda target: _cut(Request(parts, target)),
        "one": lambda target: _cut(Request([one], target)),
    }
    with tempfile.TemporaryDirectory() as folder:
        runs = _alternating(commands, Path(folder))
    wall, cpu = _ratios(runs["parts"], runs["one"])
    yield Row(f"exact clip over {_SEAMS} seams, of the time out of one file", wall, "x", 1.5)
    yield Row("of its CPU time", cpu, "x")


def _cut(request: Request) -> Sequence[str]:
    return [sys.executable, "-c", _CUT, json.dumps(stored(request))]


def _ratios(ours: Sequence[Run], theirs: Sequence[Run]) -> tuple[float, float]:
    """Medians of wall time and of CPU time, as shares of the other's."""
    pairs = list(zip(ours, theirs, strict=True))
    return median(a.seconds / b.seconds for a, b in pairs), median(a.cpu / b.cpu for a, b in pairs)


def _in_turn(
    commands: Mapping[str, Command], source: Path, folder: Path
) -> Mapping[str, Sequence[Run]]:
    start = after_key_frame(source, 105.0, _LATER)
    made = {name: partial(command, source, start) for name, command in commands.items()}
    return _alternating(made, folder)


def _alternating(commands: Mapping[str, Making], folder: Path) -> Mapping[str, Sequence[Run]]:
    """Alternating, since whatever else the machine does drifts."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(_ROUNDS + 1):
        for name, command in commands.items():
            run = _measured(command(_place(folder, name)))
            # The first one fills the caches for all.
            if turn:
                runs[name].append(run)
    return runs


def _place(folder: Path, name: str) -> Path:
    target = folder / f"{name}.mp4"
    target.unlink(missing_ok=True)
    return target


def _leitstand(source: Path, start: float, target: Path) -> Sequence[str]:
    times = f"--from={start:.6f}", f"--to={start + _SECONDS:.6f}"
    return leitstand("clip", str(source), *times, f"--output={target}")


def _smartcut(program: Path) -> Command:
    def command(source: Path, start: float, target: Path) -> Sequence[str]:
        return [str(program), str(source), str(target), "--keep", f"{start},{start + _SECONDS}"]

    return command


def _copy(source: Path, start: float, target: Path) -> Sequence[str]:
    return [*_ffmpeg(source, start), "-c", "copy", str(target)]


def _anew(source: Path, start: float, target: Path) -> Sequence[str]:
    how = ("-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac")
    return [*_ffmpeg(source, start), *how, str(target)]


def _ffmpeg(source: Path, start: float) -> list[str]:
    return ["ffmpeg", "-v", "error", "-ss", f"{start}", "-t", f"{_SECONDS}", "-i", str(source)]


def _made(folder: Path) -> Path:
    """The program in a venv of its own."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", _SMARTCUT]
    subprocess.run(pip, check=True)
    return folder / "bin" / "smartcut"


def _measured(command: Sequence[str]) -> Run:
    began, before = time.perf_counter(), _cpu()
    _ended(command, subprocess.Popen(command, **_PIPES))
    return Run(time.perf_counter() - began, _cpu() - before)


def _most_memory(command: Command, source: Path, folder: Path) -> float:
    """In MB; in a run of its own, since to look for it takes time from both."""
    start = after_key_frame(source, 105.0, _LATER)
    arguments = command(source, start, _place(folder, "memory"))
    child = subprocess.Popen(arguments, **_PIPES)
    watch = _Watch(child.pid)
    watch.start()
    _ended(arguments, child)
    watch.join()
    return watch.most / 1e6


def _ended(command: Sequence[str], child: subprocess.Popen[bytes]) -> None:
    said = child.communicate()[1]
    if child.returncode:
        sys.exit(f"{' '.join(command)} failed: {said.decode()}")


def _cpu() -> float:
    """Of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Watch(threading.Thread):
    """Looks again and again; what several processes share (PSS) is counted once."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self._root = psutil.Process(pid)

    def run(self) -> None:
        while (now := self._now()) > 0:
            self.most = max(self.most, now)
            time.sleep(_LOOK_SECONDS)

    def _now(self) -> int:
        total = 0
        with contextlib.suppress(psutil.Error):
            for each in (self._root, *self._root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += each.memory_full_info().pss
        return total
