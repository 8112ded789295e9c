"""Asks a short-lived process what a media file is; a hostile file can only hurt that process."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from control_api.library import child
from control_api.library.names import FORMATS, suffix

_SECONDS = 30.0
_LONGEST_SECONDS = 1e8
_MOST_OUTPUT = 1 << 20


@dataclass(frozen=True, slots=True)
class Probe:
    """`created` is Unix seconds where the file says it; `damaged` why it does not play, or ""."""

    duration: float = 0.0
    tracks: list[dict[str, Any]] = field(default_factory=list)
    created: float | None = None
    damaged: str = ""


Prober = Callable[[Path], Probe]


def probe(path: Path) -> Probe:
    """Raises OSError if the file cannot be opened, is no regular file, or no process is to be had.

    The process has 30 s, 2 GiB, and no means to open another file or connection.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError("no regular file")
    with open(opened, "rb") as file:
        # Isolated: it imports nothing from where this service happens to run.
        command = [sys.executable, "-I", str(Path(child.__file__)), FORMATS[suffix(path.name)][0]]
        try:
            done = subprocess.run(
                command,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                env={"LC_ALL": "C.UTF-8"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Probe(damaged=f"it could not be examined in {_SECONDS:.0f} s")
    if done.returncode:
        return Probe(damaged="it brings down what examines it")
    return _read(done.stdout[:_MOST_OUTPUT])


def _read(answer: bytes) -> Probe:
    told = json.loads(answer)
    duration = float(told.get("duration", 0.0))
    if not (math.isfinite(duration) and 0 <= duration <= _LONGEST_SECONDS):
        duration = 0.0
    return Probe(duration, told.get("tracks", []), _created(told), told.get("damaged", ""))


def _created(told: dict[str, Any]) -> float | None:
    try:
        then = datetime.fromisoformat(told.get("created", ""))
        seconds = then.timestamp() if then.tzinfo else None
    except (ValueError, OverflowError):
        return None
    # Muxers that do not know write the beginning of their calendar.
    return seconds if seconds and seconds > 86_400 else None
