"""Asks a short-lived process what a media file is; a hostile file can only hurt that process."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from control_api.library import isolated
from control_api.library.isolated import CRASHES, Unfinished
from control_api.library.reasons import FileCode, FileReason
from leitstand.media.formats import demuxer_of

WALL_SECONDS = 120.0
"""The process has limits of its own for CPU time and memory; this is for one that hangs."""
_LONGEST_SECONDS = 1e8
_MOST_OUTPUT = 1 << 20
_ABSENT = (errno.ENOENT, errno.ENOTDIR)


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of an examination. `created` is Unix seconds if the file contains it; `reason`
    says what is wrong with the file.

    `stat` is the file's size and time of change in nanoseconds when it was opened, `folder` the
    inode of its folder, `fingerprint` what `leitstand.media.fingerprint` makes of its packets.
    """

    duration: float = 0.0
    tracks: list[dict[str, Any]] = field(default_factory=list)
    created: float | None = None
    reason: FileReason | None = None
    stat: tuple[int, int] = (0, 0)
    folder: int | None = None
    fingerprint: dict[str, Any] | None = None

    @property
    def damaged(self) -> str:
        """Why it does not play; empty where it does, be it not to its end."""
        return self.reason.text if self.reason is not None and self.reason.is_fatal else ""


class NotExamined(OSError):
    """The examination did not work, which says nothing about the file; the text says why.

    `is_crash`: the process was ended for what it did itself. Where that happens every time, it is
    the file's doing after all.
    """

    def __init__(self, why: str, *, is_crash: bool = False) -> None:
        super().__init__(why)
        self.is_crash = is_crash


class Gone(FileNotFoundError):
    """There is no such file. `folder` is the inode of its folder; None if that is gone too."""

    def __init__(self, folder: int | None) -> None:
        super().__init__(errno.ENOENT, os.strerror(errno.ENOENT))
        self.folder = folder


Prober = Callable[[Path], Probe]


def probe(
    path: Path,
    *,
    command: Sequence[str] | None = None,
    wall_seconds: float = WALL_SECONDS,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Probe:
    """Raises Gone, NotExamined, or another OSError if it is no regular file.

    The process has 20 s of CPU time, 2 GiB, and no means to open another file or connection.
    """
    begun = command or isolated.command("control_api.library.child")
    arguments = [*begun, demuxer_of(path.name), str(path)]
    try:
        code, written = isolated.output(arguments, wall_seconds, is_cancelled)
    except Unfinished:
        raise NotExamined(f"that had not ended after {wall_seconds:.0f} s") from None
    except OSError as error:
        raise NotExamined(f"no process could be started ({error.strerror})") from None
    if code:
        raise _ended(code)
    return _read(written[:_MOST_OUTPUT])


def _ended(code: int) -> NotExamined:
    if code == -signal.SIGXCPU:
        return NotExamined("that takes more CPU time than it may", is_crash=True)
    if -code in CRASHES:
        return NotExamined("it brings down what examines it", is_crash=True)
    if code == -signal.SIGKILL:
        return NotExamined("what examines it was killed, maybe for want of memory")
    return NotExamined(f"what examines it ended with {code}")


def _read(answer: bytes) -> Probe:
    try:
        told = json.loads(answer)
    except ValueError:
        raise NotExamined("what examines it gave no answer") from None
    _raise_failure(told)
    try:
        return Probe(
            _seconds(told.get("duration", 0.0)),
            told.get("tracks", []),
            _created(told),
            _reason(told),
            tuple(told["stat"]),
            told["folder"],
            told.get("fingerprint"),
        )
    except (ValueError, TypeError, KeyError):
        raise NotExamined("what examines it gave no answer") from None


def _seconds(told: Any) -> float:
    duration = float(told)
    return duration if math.isfinite(duration) and 0 <= duration <= _LONGEST_SECONDS else 0.0


def _reason(told: dict[str, Any]) -> FileReason | None:
    code = told.get("code")
    return FileReason(FileCode(code), dict(told["params"])) if code else None


def _raise_failure(told: dict[str, Any]) -> None:
    number = told.get("errno")
    if number in _ABSENT:
        raise Gone(told["folder"])
    if number == errno.ELOOP or told.get("irregular"):
        raise OSError("no regular file")
    if number is not None:
        raise NotExamined(f"it cannot be opened: {os.strerror(number)}")
    if why := told.get("unexamined"):
        raise NotExamined(why)


def _created(told: dict[str, Any]) -> float | None:
    try:
        then = datetime.fromisoformat(told.get("created", ""))
        seconds = then.timestamp() if then.tzinfo else None
    except (ValueError, OverflowError):
        return None
    # Muxers that do not know write the beginning of their calendar.
    return seconds if seconds and seconds > 86_400 else None
