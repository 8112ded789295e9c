"""A recorder that outlived the `leitstand up` that started it: the next one takes its place."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from pathlib import Path

LOCK = "recorder.lock"
_END_SECONDS = 5.0
_AGAIN_SECONDS = 0.02


def end_recorder(lock: Path) -> None:
    """End the orphaned recorder that holds the lock, if there is one; OBS goes on recording.

    One that another supervisor looks after is left alone.
    """
    until = time.monotonic() + _END_SECONDS
    while (pid := _holder(lock)) is not None and _is_orphan(pid) and time.monotonic() < until:
        try:
            os.kill(pid, signal.SIGTERM)
        except OSError:
            return
        time.sleep(_AGAIN_SECONDS)


def _holder(lock: Path) -> int | None:
    """The process that holds the lock; None if nobody does."""
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(json.load(file)["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _is_orphan(pid: int) -> bool:
    """Whether its parent has ended: then init, or a subreaper that is no Leitstand, is it."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        parent = int(status.rpartition(")")[2].split()[1])
        command = Path(f"/proc/{parent}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return False
    return b"leitstand" not in command
