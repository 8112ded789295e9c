"""Sees to it that SQLite's file is still the one that was opened, and never makes a second one.

A connection keeps a file that was deleted or replaced, and takes what is written into it: all of
that would be lost. A new connection would make an empty file in its place.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from control_api.database_faults import Replaced


class DatabasePlace:
    """The file of one database, known from the first connection on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: tuple[int, int] | None = None
        self._opening = threading.Lock()

    def check(self) -> None:
        """Raises Replaced. What cannot be looked at is for SQLite to tell."""
        if self._known is None:
            return
        try:
            found = os.stat(self._file)
        except FileNotFoundError:
            raise Replaced.gone(self._file) from None
        except OSError:
            return
        if (found.st_dev, found.st_ino) != self._known:
            raise Replaced.another(self._file)

    def before_connecting(self, _dialect: Any, _record: Any, args: list[Any], options: Any) -> None:
        """Have a connection open the file that there is; only the first one may make it."""
        self.check()
        if self._known is not None:
            args[0] = f"file:{quote(str(self._file.absolute()))}?mode=rw"
            options["uri"] = True

    def connected(self, _connection: Any, _record: Any) -> None:
        with self._opening:
            if self._known is None:
                found = os.stat(self._file)
                self._known = found.st_dev, found.st_ino
        self.check()
