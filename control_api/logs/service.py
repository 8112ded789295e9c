"""Writes the log to files that are renamed when they are full; lists, reads and clears them."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from control_api.errors import NotFound
from control_api.logs.line import JsonLines, Line, is_wanted, parse
from leitstand.repeats import LimitedHandler

logger = logging.getLogger(__name__)

_NAME = "api.log"
_OURS = re.compile(r"api\.log(\.[0-9]{1,3})?")
_BYTES = 10 * 1024**2
_FILES = 5
_BLOCK = 64 * 1024
# Of a line that never ends no more is kept than this.
_LONGEST_LINE = 1024**2


@dataclass(frozen=True, slots=True)
class LogFile:
    """`changed_at` is Unix seconds."""

    name: str
    size: int
    changed_at: float


class LogFileHandler(RotatingFileHandler):
    """Writes as soon as it can, and begins again where its file or folder was removed.

    A file that cannot be written, such as on a full or read-only disk, is no reason for tracebacks:
    the same lines go to stderr.
    """

    def __init__(self, file: Path, size: int) -> None:
        super().__init__(file, maxBytes=size, backupCount=_FILES, encoding="utf-8", delay=True)

    def problem(self) -> str | None:
        """Why it cannot be written now; None if it can be."""
        try:
            self.stream = self.stream or self._open()
        except OSError as error:
            return error.strerror
        return None

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        if self.stream is not None and not self._leads_to(self.stream):
            self.stream.close()
            # What comes next opens it.
            self.stream = None
        return bool(super().shouldRollover(record))

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return super()._open()

    def _leads_to(self, stream: TextIOWrapper) -> bool:
        """Whether the file of this name is still the one that is open."""
        try:
            return os.path.samestat(os.stat(self.baseFilename), os.fstat(stream.fileno()))
        except OSError:
            return False


class LogService:
    """The files of one folder; names only, never paths, come from outside."""

    def __init__(self, folder: Path, handler: logging.Handler) -> None:
        self._folder = folder
        self._handler = handler

    def files(self) -> Sequence[LogFile]:
        """The one being written first, then older and older ones."""
        found = []
        # There may be none: the folder cannot be made on a read-only disk.
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if _OURS.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    found.append(LogFile(entry.name, stat.st_size, stat.st_mtime))
        return sorted(found, key=lambda file: (len(file.name), file.name))

    def lines(
        self, name: str, *, most: int, level: str | None = None, text: str | None = None
    ) -> Sequence[Line]:
        """At most so many, newest first, of those that are wanted. Raises NotFound."""
        path = self._path(name)
        wanted = (line for line in map(parse, _backwards(path)) if is_wanted(line, level, text))
        return list(itertools.islice(wanted, most))

    def clear(self, name: str) -> None:
        """Empty the one being written, take an older one away. Raises NotFound."""
        # Nobody writes or renames meanwhile.
        self._handler.acquire()
        try:
            path = self._path(name)
            if name == _NAME:
                os.truncate(path, 0)
            else:
                path.unlink()
        finally:
            self._handler.release()

    def close(self) -> None:
        """Write no more."""
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()

    def _path(self, name: str) -> Path:
        names = [file.name for file in self.files()]
        if name not in names:
            raise NotFound(f"name: there is no log {name[:100]!r}; there are: {', '.join(names)}")
        return self._folder / name


def set_up(folder: Path, *, size: int = _BYTES) -> LogService:
    """Write whatever is logged to files in this folder too, one JSON object a line.

    A repeated line is written once a minute, with its count. Where they cannot be written it goes
    on without them, and tries again with every line.
    """
    file = LogFileHandler(folder / _NAME, size)
    file.setFormatter(JsonLines())
    if (problem := file.problem()) is not None:
        logger.warning("%s cannot be written (%s); the log goes to stderr alone", folder, problem)
    handler = LimitedHandler(file)
    logging.getLogger().addHandler(handler)
    return LogService(folder, handler)


def _backwards(path: Path) -> Iterator[bytes]:
    """The file's lines, last one first, without reading more of it than is asked for."""
    with path.open("rb") as file:
        left = file.seek(0, os.SEEK_END)
        rest = b""
        while left > 0:
            size = min(_BLOCK, left)
            left -= size
            file.seek(left)
            first, *whole = (file.read(size) + rest).split(b"\n")
            yield from filter(None, reversed(whole))
            rest = first[:_LONGEST_LINE]
        if rest:
            yield rest
