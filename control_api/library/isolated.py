"""A short-lived process for a file that may be hostile: it can hurt only itself."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import control_api
from control_api.errors import BadInput, Unavailable

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
_POLL_SECONDS = 0.2
_END_SECONDS = 2.0
CRASHES = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGBUS,
        signal.SIGTRAP,
        signal.SIGXCPU,
        signal.SIGXFSZ,
    }
)
"""What ends a process for what it did itself. SIGKILL and SIGTERM come from outside."""


class Unfinished(Exception):
    """The process did not end in its time, or it is not waited for any longer."""


def command(module: str) -> tuple[str, ...]:
    """Calls `main` of a module with further arguments as they are given.

    Isolated: it imports this package and what is installed, nothing from where the service runs.
    """
    start = (
        "import sys; sys.path.append(sys.argv.pop(1)); "
        f"from {module} import main; main(*sys.argv[1:])"
    )
    return sys.executable, "-I", "-c", start, str(Path(control_api.__file__).parent.parent)


def run(command: Sequence[str], given: BinaryIO, answer: BinaryIO, seconds: float) -> None:
    """Feed it a file and take what it writes into another, whose size it limits itself.

    Raises BadInput if the file brings it down; Unavailable if it takes longer, is ended from
    outside or cannot be started, which says nothing about the file.
    """
    try:
        code, _ = finish(_start(command, given, answer), seconds)
    except Unfinished:
        raise Unavailable(f"the file: not read in {seconds:.0f} s; try again") from None
    except OSError:
        raise Unavailable("no process could be started for it; try again") from None
    if code in (-signal.SIGKILL, -signal.SIGTERM):
        raise Unavailable("what reads the file was ended from outside; try again")
    if code:
        raise BadInput("the file: it brings down what reads it; it is damaged")


def output(
    command: Sequence[str], seconds: float, is_cancelled: Callable[[], bool]
) -> tuple[int, bytes]:
    """The exit code and what it writes. Raises Unfinished, and OSError if it cannot be started."""
    return finish(_start(command, subprocess.DEVNULL, subprocess.PIPE), seconds, is_cancelled)


def finish(
    process: subprocess.Popen[bytes],
    seconds: float,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> tuple[int, bytes]:
    """Wait for the end of a process; one that takes longer is killed, and Unfinished raised."""
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and not is_cancelled():
            with contextlib.suppress(subprocess.TimeoutExpired):
                written, _ = process.communicate(timeout=_POLL_SECONDS)
                return process.returncode, written or b""
        raise Unfinished
    finally:
        if process.returncode is None:
            _kill(process)


def _start(
    command: Sequence[str], given: BinaryIO | int, answer: BinaryIO | int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=given, stdout=answer, stderr=subprocess.DEVNULL, env=_ENVIRONMENT
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_END_SECONDS)
        return
    # It waits for a disk that does not answer, and ends when that does.
    threading.Thread(target=process.communicate, name="ending process", daemon=True).start()
