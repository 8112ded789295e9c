"""The process that does one job: `python -m control_api.jobs.run MODULE MEMORY CPU PARENT`.

The process that is started only watches over a child that does the work, so that whatever the
work has started ends with the service, and does so at once even when the work is deep in a
library. The parameters are JSON on stdin; progress, result and error are lines of JSON on stdout.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import IO, Any, NoReturn

from control_api.jobs.work import Failed

_NICE = 10
_CPU_GRACE_SECONDS = 5
_PR_SET_PDEATHSIG = 1


def main(module: str, memory_bytes: int, cpu_seconds: int, parent: int) -> None:
    signal.signal(signal.SIGUSR1, _end_all)
    signal.signal(signal.SIGTERM, _leave_it_to_the_child)
    _when_parent_ends(signal.SIGUSR1, parent)
    os.nice(_NICE)
    guardian = os.getpid()
    child = os.fork()
    if child == 0:
        _become_worker(guardian, memory_bytes, cpu_seconds)
        _work(module)
    _end_like(os.waitpid(child, 0)[1])


def _end_all(_: int, __: object) -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _leave_it_to_the_child(_: int, __: object) -> None:
    """All of the group got the signal."""


def _when_parent_ends(number: signal.Signals, parent: int) -> None:
    """Have the kernel send us this (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def _become_worker(guardian: int, memory_bytes: int, cpu_seconds: int) -> None:
    _when_parent_ends(signal.SIGKILL, guardian)
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + _CPU_GRACE_SECONDS))


def _work(module: str) -> NoReturn:
    """Never returns: what the work has left running ends with it."""
    params = json.load(sys.stdin)
    # What libraries print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        _say(answers, _outcome(module, params, _reporter(answers)))
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(0)


def _outcome(module: str, params: Any, report: Callable[..., None]) -> dict[str, Any]:
    try:
        result = importlib.import_module(module).work(params, report)
        return {"result": json.loads(json.dumps(dict(result), allow_nan=False))}
    except Failed as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "it needed more memory than a job of its kind may use"}
    except BaseException as error:
        traceback.print_exc()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"error": "the disk is full; make room and retry it"}
        return {"error": f"it failed unexpectedly ({type(error).__name__}); the log has more"}


def _reporter(answers: IO[str]) -> Callable[..., None]:
    def report(progress: float, seconds_left: float | None = None) -> None:
        _say(answers, {"progress": progress, "seconds_left": seconds_left})

    return report


def _say(answers: IO[str], line: dict[str, Any]) -> None:
    answers.write(json.dumps(line) + "\n")
    answers.flush()


def _end_like(status: int) -> NoReturn:
    """As the child did, by the same signal."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
