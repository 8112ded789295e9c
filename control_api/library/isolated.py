"""A short-lived process for what nobody trusts: it may hurt itself, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import control_api
from control_api.errors import BadInput, Unavailable


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

    Raises BadInput if it takes longer or is brought down, Unavailable if it cannot be started.
    """
    try:
        done = subprocess.run(
            command,
            stdin=given,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env={"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(f"the file: not read in {seconds:.0f} s") from None
    except OSError:
        raise Unavailable("no process could be started for it; try again") from None
    if done.returncode:
        raise BadInput("the file: it brings down what reads it; it is damaged")
