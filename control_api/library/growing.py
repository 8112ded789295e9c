"""Videos that are still being written: up to which second they can be read now."""

from __future__ import annotations

import json
import math
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from control_api.errors import BadInput, Unavailable
from control_api.library import isolated
from control_api.library.reasons import FileCode, FileReason
from control_api.library.turns import Turns
from leitstand.media.formats import demuxer_of

AT_ONCE = 2
MOST_WAITING = 20
_SECONDS = 10.0
_WAIT_SECONDS = 5.0
_MOST_ANSWER = 1 << 12
_MOST_KEPT = 100
_NOTHING = FileReason(FileCode.NOTHING_WRITTEN)


@dataclass(frozen=True, slots=True)
class Grown:
    """`newest` seconds of a video, which lie in its first `size` bytes; `reason` is why it has
    none that can be read."""

    newest: float = 0.0
    size: int = 0
    reason: FileReason | None = None


class Growing:
    """Asks a short-lived process once for each size that a file has had."""

    def __init__(
        self, command: tuple[str, ...] | None = None, *, seconds: float = _SECONDS
    ) -> None:
        self._command = command or isolated.command("control_api.library.growth_child")
        self._seconds = seconds
        self._known: dict[str, tuple[int, Grown]] = {}
        self._lock = threading.Lock()
        said = "other recordings are being looked into"
        self._turns = Turns(AT_ONCE, MOST_WAITING, _WAIT_SECONDS, said=said, again=2)

    def of(self, id: str, name: str, file: BinaryIO) -> Grown:
        """What of an open file can be read, the video's id and name being given.

        Raises Unavailable.
        """
        size = os.fstat(file.fileno()).st_size
        if known := self._kept(id, size):
            return known
        with self._turns.turn():
            # Another caller may have asked meanwhile.
            found = self._kept(id, size) or self._asked(name, file)
        with self._lock:
            self._known.pop(id, None)
            self._known[id] = size, found
            if len(self._known) > _MOST_KEPT:
                del self._known[next(iter(self._known))]
        return found

    def at(self, path: Path) -> Grown | None:
        """The same of a file; None where it cannot be opened or looked into now."""
        try:
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(opened, "rb", buffering=0) as file:
            try:
                return self.of(str(path), path.name, file)
            except Unavailable:
                return None

    def _kept(self, id: str, size: int) -> Grown | None:
        with self._lock:
            known = self._known.get(id)
        return known[1] if known is not None and known[0] == size else None

    def _asked(self, name: str, file: BinaryIO) -> Grown:
        with tempfile.TemporaryFile() as answer:
            command = [*self._command, demuxer_of(name)]
            try:
                isolated.run(command, file, answer, self._seconds)
            except BadInput:
                # A file that a recorder writes may look like anything for a moment.
                return Grown(reason=_NOTHING)
            answer.seek(0)
            return _read(answer.read(_MOST_ANSWER))


def _read(answer: bytes) -> Grown:
    try:
        told = json.loads(answer)
        if code := told.get("code"):
            return Grown(reason=FileReason(FileCode(code)))
        newest, size = float(told["newest"]), int(told["size"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Unavailable("the recording cannot be looked into; try again") from None
    return Grown(newest, size) if math.isfinite(newest) else Grown(reason=_NOTHING)
