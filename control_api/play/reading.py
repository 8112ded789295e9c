"""Has a short-lived process find out how a file can be played; a hostile one hurts only that.

Two work at once. Whoever asks for the same video meanwhile waits for the one that is at it.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import control_api
from control_api.errors import BadInput, Unavailable

AT_ONCE = 2
MOST_WAITING = 12
WAIT_SECONDS = 15.0
_SECONDS = 100.0
_INDEX_SECONDS = 80.0
# Isolated: it imports this package and what is installed, nothing from where the service runs.
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from control_api.play.child import main; main(*sys.argv[1:])"
)


class Reader:
    """`command` starts the process; it gets format and seconds as further arguments."""

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
        seconds: float = _SECONDS,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._command = command
        self._seconds = seconds
        self._wait = wait
        self._lock = threading.Lock()
        self._making: dict[str, Future[None]] = {}
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._seats = threading.BoundedSemaphore(MOST_WAITING)

    def once(self, name: str, make: Callable[[], None]) -> None:
        """Do it, or wait for who is at it already. Raises what that raises, Unavailable."""
        with self._lock:
            known = self._making.get(name)
            mine = known or self._making.setdefault(name, Future())
        if known is not None:
            with self._seat():
                _await(known, self._wait)
            return
        try:
            with self._turn():
                make()
            mine.set_result(None)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._making[name]

    def examine(self, file: BinaryIO, form: str, answer: BinaryIO) -> None:
        """Raises BadInput where the file brings its reader down, Unavailable.

        The process has 100 s, 2 GiB, and no means to open another file or connection.
        """
        try:
            done = subprocess.run(
                [*self._command, form, str(min(_INDEX_SECONDS, self._seconds))],
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

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._seat():
            if not self._free.acquire(timeout=self._wait):
                raise _busy()
        try:
            yield
        finally:
            self._free.release()

    @contextmanager
    def _seat(self) -> Iterator[None]:
        """Whoever waits keeps others from being served."""
        if not self._seats.acquire(blocking=False):
            raise _busy()
        try:
            yield
        finally:
            self._seats.release()


def _await(making: Future[None], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        return making.result(seconds)
    raise Unavailable("it is being prepared; try again", {"Retry-After": "3"})


def _busy() -> Unavailable:
    return Unavailable("other videos are being prepared; try again", {"Retry-After": "3"})
