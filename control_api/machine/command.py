"""Runs the configured command: an argument list, no shell."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_PATIENCE_SECONDS = 60.0
_LONGEST_OUTPUT = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    ok: bool
    said: str


def run(command: Sequence[str], patience: float = _PATIENCE_SECONDS) -> Result:
    """What became of it, within `patience` seconds."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return Result(False, f"it did not end within {patience:g} s")
    except OSError as error:
        return Result(False, f"it could not be started ({error.strerror})")
    said = done.stdout.decode(errors="replace").strip()[-_LONGEST_OUTPUT:]
    ended = f"it ended with {done.returncode}"
    return Result(done.returncode == 0, f"{ended}: {said}" if said else ended)
