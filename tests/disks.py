"""File systems that tests fill up."""

from __future__ import annotations

import contextlib
from pathlib import Path


def fill(folder: Path) -> Path:
    """A file that takes all space that was free; removing it frees the space again."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    return filler
