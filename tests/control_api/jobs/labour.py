"""Work for the tests, done by real processes: what `params["do"]` says."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from control_api.jobs.work import Failed, Report

Params = Mapping[str, Any]


def work(params: Params, report: Report) -> Mapping[str, Any]:
    note = Path(params["folder"]) / f"{params['name']}.pids"
    with note.open("a") as file:
        file.write(f"{os.getpid()} {os.getppid()}\n")
    return DONE_BY[params["do"]](params, report)


def _answer(params: Params, _: Report) -> Mapping[str, Any]:
    return {"answer": params["name"]}


def _progress(_: Params, report: Report) -> Mapping[str, Any]:
    sys.stdout.write("this is for the log\n")
    for step in range(40):
        report(step / 40, (40 - step) / 10)
        time.sleep(0.1)
    return {"steps": 40}


def _flood(_: Params, report: Report) -> Mapping[str, Any]:
    for step in range(20_000):
        report(step / 20_000)
    return {}


def _sleep(params: Params, _: Report) -> Mapping[str, Any]:
    part = Path(params["folder"]) / f"{params['name']}.{params['attempt']}.part"
    part.write_bytes(b"half")
    # A program of its own, as ffmpeg would be.
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (Path(params["folder"]) / f"{params['name']}.grandchild").write_text(str(child.pid))
    while not (Path(params["folder"]) / f"{params['name']}.go").exists():
        time.sleep(0.02)
    return {"slept": True, "attempt": params["attempt"]}


def _stubborn(_: Params, __: Report) -> Mapping[str, Any]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    return {}


def _refuse(_: Params, __: Report) -> Mapping[str, Any]:
    raise Failed("the end is before the start")


def _break(_: Params, __: Report) -> Mapping[str, Any]:
    raise KeyError("/secret/path")


def _full(_: Params, __: Report) -> Mapping[str, Any]:
    raise OSError(errno.ENOSPC, "No space left on device")


def _eat(_: Params, __: Report) -> Mapping[str, Any]:
    eaten = [bytes(1 << 24)]
    while True:
        eaten.append(bytes(1 << 24))


def _loop(_: Params, __: Report) -> Mapping[str, Any]:
    while True:
        pass


def _crash(_: Params, __: Report) -> Mapping[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def _die(_: Params, __: Report) -> Mapping[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def _vanish(_: Params, __: Report) -> Mapping[str, Any]:
    os.write(1, b'{"result": {"answer": "a library wrote this"}}\n')
    os._exit(7)


def _environment(_: Params, __: Report) -> Mapping[str, Any]:
    return {"names": sorted(os.environ), "nice": os.nice(0), "session": os.getsid(0)}


DONE_BY: Mapping[str, Callable[[Params, Report], Mapping[str, Any]]] = {
    "answer": _answer,
    "progress": _progress,
    "flood": _flood,
    "sleep": _sleep,
    "stubborn": _stubborn,
    "refuse": _refuse,
    "break": _break,
    "full": _full,
    "eat": _eat,
    "loop": _loop,
    "crash": _crash,
    "die": _die,
    "vanish": _vanish,
    "environment": _environment,
}
