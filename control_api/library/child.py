"""Examines one media file, in a process of its own that cannot open any other.

`main` gets a demuxer and a path; the answer is one line of JSON. The file is opened here and not
by the service, because a disk that does not answer stops the process that opens it. Before the file
is read the process gives up opening anything, so that a hostile one has nothing to reach for.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import sys
from typing import Any

import av

from leitstand.media.probe import probe
from leitstand.media.sandbox import import_late_modules, lock_in

_LESS_URGENT = 5
"""OBS may need the CPU at the same time."""


class Source(io.FileIO):
    """The file; `failure` is what its disk answered instead of its content."""

    failure: OSError | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            return super().read(size) or b""
        except OSError as error:
            self.failure = error
            raise


def main(demuxer: str, path: str) -> None:
    os.nice(_LESS_URGENT)
    import_late_modules()
    answer: dict[str, Any] = {"folder": _folder(path)}
    try:
        source = Source(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK))
        state = os.fstat(source.fileno())
    except OSError as error:
        answer["errno"] = error.errno
    else:
        answer["stat"] = [state.st_size, state.st_mtime_ns]
        if stat.S_ISREG(state.st_mode):
            lock_in()
            answer |= _examined(source, demuxer)
        else:
            answer["irregular"] = True
    sys.stdout.write(json.dumps(answer) + "\n")


def _folder(path: str) -> int | None:
    """The inode of the folder that the file should be in; None if it is not there."""
    with contextlib.suppress(OSError):
        found = os.stat(os.path.dirname(path))
        return found.st_ino if stat.S_ISDIR(found.st_mode) else None
    return None


def _examined(source: Source, demuxer: str) -> dict[str, Any]:
    """What is in the file, or why it does not play, or why that is not known (`unexamined`)."""
    try:
        return probe(source, demuxer)
    except (MemoryError, ImportError):
        return {"unexamined": "there is not enough memory"}
    except (av.FFmpegError, OSError, ValueError, ArithmeticError, LookupError) as error:
        if source.failure is not None:
            return {"unexamined": f"its disk answers: {source.failure.strerror}"}
        return {"code": "unreadable", "params": {"detail": type(error).__name__}}
