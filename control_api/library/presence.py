"""Whether files are there: one, or very many of one folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from control_api.errors import Unavailable
from control_api.library.folders import Folder, Stat


def stat_of(path: Path | str) -> Stat | None:
    """None where there is no regular file."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def is_gone(folder: Folder, name: str) -> bool:
    try:
        return stat_of(folder.at(name)) is None
    except Unavailable:
        return True


class Absence:
    """`is_gone` for very many names: what concerns their folders is looked up once for each."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._parents: dict[str, str | None] = {}

    def __call__(self, name: str) -> bool:
        parent, _, base = name.rpartition("/")
        if parent not in self._parents:
            self._parents[parent] = self._real(name)
        at = self._parents[parent]
        return at is None or stat_of(f"{at}/{base}") is None

    def _real(self, name: str) -> str | None:
        try:
            return str(self._folder.at(name).parent)
        except Unavailable:
            return None
