"""The points at which a process can be killed: each step that changes the disk.

While a file `arm-<who>` with a number n exists in the folder, the n-th point kills the process as
`kill -9` does; every point that is reached is written to `points-<who>`.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "fsync")


class Reaper:
    """Counts the points that this process reaches, and kills it at the one that is asked for."""

    def __init__(self, folder: Path, who: str) -> None:
        self._arm = folder / f"arm-{who}"
        self._log = folder / f"points-{who}"
        self._count = itertools.count(1)

    def watch(self) -> None:
        """From here on."""
        for name in STEPS:
            setattr(os, name, self.around(name, getattr(os, name)))
        sqlite3.dbapi2.connect = _connect_with(self)  # type: ignore[assignment]

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._reached(f"before {step}")
            result = function(*args, **kwargs)
            self._reached(f"after {step}")
            return result

        return call

    def _reached(self, point: str) -> None:
        try:
            last = int(self._arm.read_text())
        except (OSError, ValueError):
            return
        with self._log.open("a") as log:
            log.write(f"{point}\n")
        if next(self._count) == last:
            os.kill(os.getpid(), signal.SIGKILL)


def _connect_with(reaper: Reaper) -> Callable[..., sqlite3.Connection]:
    class Watched(sqlite3.Connection):
        """The end of what was read only is no point."""

        changed = 0

        def commit(self) -> None:
            is_read = self.total_changes == self.changed
            self.changed = self.total_changes
            plain = super().commit
            (plain if is_read else reaper.around("commit", plain))()

    connect = sqlite3.connect
    return lambda *args, **kwargs: connect(*args, **{**kwargs, "factory": Watched})
