"""Gives what an attempt has made its final name."""

from __future__ import annotations

import os
from pathlib import Path


def publish(made: Path, output: Path) -> None:
    """Rename a whole file, so that a power cut leaves the old state or the new one.

    Does nothing where that was done already. Raises OSError.
    """
    if output.exists() and not made.exists():
        return
    made.replace(output)
    folder = os.open(output.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
