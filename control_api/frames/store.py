"""Strips on disk: written whole or not at all, the longest unused ones removed for new ones."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from leitstand import atomicfile

logger = logging.getLogger(__name__)

MOST_BYTES = 500_000_000
_SUFFIX = ".strip"
_ABANDONED_SECONDS = 3600.0
_MOST_TOLD = 1 << 16
_JPEG = (b"\xff\xd8\xff", b"\xff\xd9")


@dataclass(frozen=True, slots=True)
class Strip:
    """Pictures side by side, each `width` by `height`, shown at `times` (seconds)."""

    times: list[float]
    width: int
    height: int
    jpeg: bytes


class StripStore:
    """Names come from the service alone; a folder that cannot be written keeps nothing."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def get(self, name: str) -> Strip | None:
        path = self._folder / (name + _SUFFIX)
        try:
            with path.open("rb") as file:
                told = json.loads(file.readline(_MOST_TOLD))
                strip = Strip(**told, jpeg=file.read(self._most_bytes))
            os.utime(path)
        except (OSError, ValueError, TypeError):
            return None
        is_whole = strip.jpeg.startswith(_JPEG[0]) and strip.jpeg.endswith(_JPEG[1])
        return strip if is_whole else None

    def put(self, name: str, strip: Strip) -> None:
        told = asdict(strip)
        jpeg = told.pop("jpeg")
        content = json.dumps(told).encode() + b"\n" + jpeg
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            atomicfile.write(self._folder / (name + _SUFFIX), content)
        except OSError as error:
            logger.warning("a strip of pictures is not kept: %s", error.strerror)
        self._make_room()

    def _make_room(self) -> None:
        with self._lock:
            kept = sorted(self._kept(), reverse=True)
            total = 0
            for _, size, path in kept:
                total += size
                if total > self._most_bytes:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def _kept(self) -> Iterator[tuple[float, int, Path]]:
        """When each was used last, and its size; removes what a crash left unfinished."""
        with contextlib.suppress(OSError):
            for path in list(self._folder.iterdir()):
                with contextlib.suppress(OSError):
                    found = path.stat()
                    if path.suffix == _SUFFIX:
                        yield found.st_mtime, found.st_size, path
                    elif found.st_mtime < time.time() - _ABANDONED_SECONDS:
                        path.unlink()
