"""What was made for playing, on disk: written whole or not at all, the longest unused removed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from control_api.errors import Unavailable
from control_api.jobs.work import attempt_path
from leitstand import atomicfile

logger = logging.getLogger(__name__)

MOST_BYTES = 20_000_000_000
How = Literal["as_is", "virtual", "remux", "transcode", "refused"]
PLAN, MADE, PART, SEQUENCE = ".play", ".mp4", ".part", ".sequence"
_ABANDONED_SECONDS = 86_400.0
_MOST_TOLD = 1 << 16
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """How browsers can play a video, and why not otherwise.

    `head` is the length of the head, which begins at `skip` of the plan's own file.
    """

    how: How
    codecs: Sequence[str]
    reason: str
    head: int
    skip: int


class PlayStore:
    """Names come from the service alone: the id of a video, a dash, and what its file is like."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def plan(self, name: str) -> tuple[Plan, BinaryIO] | None:
        """And the file that it lies in; whoever asked closes it."""
        file = self._opened(name + PLAN)
        if file is None:
            return None
        try:
            return _plan(file), file
        except (ValueError, TypeError, KeyError, OSError):
            file.close()
            return None

    def made(self, name: str) -> BinaryIO | None:
        """The video that a job has made; whoever asked closes it."""
        return self._opened(name + MADE)

    def sequence(self, name: str) -> BinaryIO | None:
        """The heads of movies over several videos; whoever asked closes it."""
        return self._opened(name + SEQUENCE)

    @contextmanager
    def new(self, name: str) -> Iterator[BinaryIO]:
        """A file that carries the plan's name after a clean end of the block."""
        with self.writing(name + PLAN) as file:
            yield file
            _plan(file)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file that carries a name after a clean end of the block."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomicfile.writing(self.folder / name) as file:
                yield file
        except OSError as error:
            raise Unavailable(
                f"what is made for playing cannot be kept: {error.strerror}"
            ) from None
        self.make_room()

    @contextmanager
    def scratch(self) -> Iterator[Any]:
        """A file without a name, for as long as the block takes."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                yield file
        except OSError as error:
            raise Unavailable(
                f"what is made for playing cannot be kept: {error.strerror}"
            ) from None

    def make_room(self) -> None:
        """Remove what was used longest ago, if there is too much; never what was used last."""
        with self._lock:
            total = 0
            for number, (_, size, path) in enumerate(sorted(self._kept(), reverse=True)):
                total += size
                if total > self._most_bytes and number:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def _opened(self, name: str) -> BinaryIO | None:
        path = self.folder / name
        try:
            file = path.open("rb", buffering=0)
            os.utime(path)
        except OSError:
            return None
        return file

    def _kept(self) -> Iterator[tuple[float, int, Path]]:
        for path, found in _files(self.folder):
            if path.suffix in (PLAN, MADE, SEQUENCE):
                yield found.st_mtime, found.st_size, path
            elif found.st_mtime < time.time() - _ABANDONED_SECONDS:
                with contextlib.suppress(OSError):
                    path.unlink()


def part_path(params: Mapping[str, Any]) -> Path:
    """The file in which one attempt at a job makes a video."""
    made = attempt_path(params)
    return made.with_name(made.name + PART)


def sweep(folder: Path, is_known: Callable[[str], bool]) -> None:
    """Remove what was made of videos and evenings that are gone: names begin with an id and a
    dash."""
    for path, _ in _files(folder):
        id, dash, _ = path.name.partition("-")
        if dash and not is_known(id):
            with contextlib.suppress(OSError):
                path.unlink()


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            with contextlib.suppress(OSError):
                yield path, path.stat()


def _plan(file: BinaryIO) -> Plan:
    """Raises ValueError, TypeError, KeyError where the file is none."""
    file.seek(0)
    line = file.read(_MOST_TOLD).partition(b"\n")[0]
    told: dict[str, Any] = json.loads(line)
    plan = Plan(
        told["how"],
        [str(one)[:_LONGEST] for one in told.get("codecs", [])][:2],
        str(told["reason"])[:_LONGEST],
        int(told["head"]),
        len(line) + 1,
    )
    is_whole = file.seek(0, os.SEEK_END) == plan.skip + plan.head
    if plan.how not in get_args(How) or not is_whole or (plan.how == "virtual") != (plan.head > 0):
        raise ValueError
    return plan
