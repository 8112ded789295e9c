"""Gives what an attempt has made its final name."""

from __future__ import annotations

from pathlib import Path

from leitstand import atomicfile


def publish(made: Path, output: Path) -> None:
    """Rename a whole file, so that a power cut leaves the old state or the new one.

    Does nothing where that was done already. Raises OSError.
    """
    if output.exists() and not made.exists():
        return
    atomicfile.rename(made, output)
