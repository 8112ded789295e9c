"""Has a short-lived process take pictures out of a file; a hostile one can only hurt that process.

At most four work at once; some more wait, and whoever comes then is told to try again.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO

from control_api.errors import BadInput
from control_api.library import isolated
from control_api.library.turns import Turns

AT_ONCE = 4
MOST_WAITING = 16
WAIT_SECONDS = 10.0
SECONDS = 10.0
_MOST_TOLD = 1 << 16
_MOST_BYTES = 64 << 20
_WHY = {
    "no video": "it has audio only, no video",
    "empty_file": "it is empty",
    "broken": "no frame of it can be read; the file is damaged, or no video",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the process said of it, and the picture."""

    told: Mapping[str, Any]
    content: bytes


class Reader:
    """`command` starts the process; it gets format and request as further arguments."""

    def __init__(
        self,
        command: tuple[str, ...] | None = None,
        *,
        seconds: float = SECONDS,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._command = command or isolated.command("control_api.frames.child")
        self._seconds = seconds
        said = f"{AT_ONCE} pictures are being made at the moment"
        self._turns = Turns(AT_ONCE, MOST_WAITING, wait, said=said, again=2)

    def turn(self) -> AbstractContextManager[None]:
        """Hold it while reading. Raises Unavailable where too many do."""
        return self._turns.turn()

    def take(self, file: BinaryIO, form: str, request: Mapping[str, Any]) -> Taken:
        """Raises BadInput with a sentence where the file gives no picture, Unavailable.

        The process has 10 s, 2 GiB, and no means to open another file or connection.
        """
        # A file, not a pipe: how much can be written to it is limited.
        with tempfile.TemporaryFile() as answer:
            command = [*self._command, form, json.dumps(request)]
            isolated.run(command, file, answer, self._seconds)
            answer.seek(0)
            return _read(answer.readline(_MOST_TOLD), answer.read(_MOST_BYTES))


def _read(line: bytes, content: bytes) -> Taken:
    try:
        told = json.loads(line)
        why = told.get("refused")
        numbers = [*told.get("times", []), told.get("time", 0.0)]
        is_sound = all(math.isfinite(one) for one in numbers)
    except (ValueError, TypeError, AttributeError):
        why, is_sound = "broken", False
    if why or not is_sound or not content:
        raise BadInput(f"the file: {_WHY.get(why, _WHY['broken'])}")
    return Taken(told, content)
