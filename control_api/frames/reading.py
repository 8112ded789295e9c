"""Has a short-lived process take pictures out of a file; a hostile one can only hurt that process.

At most four work at once; whoever comes then waits for two seconds and is told to try again.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import control_api
from control_api.errors import BadInput, Unavailable

AT_ONCE = 4
WAIT_SECONDS = 2.0
SECONDS = 10.0
_MOST_TOLD = 1 << 16
_MOST_BYTES = 64 << 20
# Isolated: it imports this package and what is installed, nothing from where the service runs.
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from control_api.frames.child import main; main(*sys.argv[1:])"
)
_WHY = {
    "no picture": "it has sound only, no picture",
    "broken": "no picture of it can be read; the file is damaged, or no video",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the process said of it, and the picture."""

    told: Mapping[str, Any]
    content: bytes


class Reader:
    """`command` starts the process; it gets format and wish as further arguments."""

    def __init__(
        self,
        command: tuple[str, ...] = (
            sys.executable,
            "-I",
            "-c",
            _START,
            str(Path(control_api.__file__).parent.parent),
        ),
        *,
        seconds: float = SECONDS,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._command = command
        self._seconds = seconds
        self._wait = wait
        self._free = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold it while reading. Raises Unavailable where too many do."""
        if not self._free.acquire(timeout=self._wait):
            raise Unavailable(
                f"{AT_ONCE} pictures are being made at the moment; try again",
                {"Retry-After": "2"},
            )
        try:
            yield
        finally:
            self._free.release()

    def take(self, file: BinaryIO, form: str, wish: Mapping[str, Any]) -> Taken:
        """Raises BadInput with a sentence where the file gives no picture, Unavailable.

        The process has 10 s, 2 GiB, and no means to open another file or connection.
        """
        # A file, not a pipe: how much can be written to it is limited.
        with tempfile.TemporaryFile() as answer:
            try:
                done = subprocess.run(
                    [*self._command, form, json.dumps(wish)],
                    stdin=file,
                    stdout=answer,
                    stderr=subprocess.DEVNULL,
                    timeout=self._seconds,
                    env={"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise BadInput(f"the file: not read in {self._seconds:.0f} s") from None
            except OSError:
                raise Unavailable("no process could be started for it; try again") from None
            if done.returncode:
                raise BadInput("the file: it brings down what reads it; it is damaged")
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
