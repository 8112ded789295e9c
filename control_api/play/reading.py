"""Has a short-lived process find out how a file can be played; a hostile one hurts only that.

Two work at once. Whoever asks for the same video meanwhile waits for the one that is at it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import BinaryIO

from control_api.errors import Unavailable
from control_api.library import isolated
from control_api.library.turns import Turns

AT_ONCE = 2
MOST_WAITING = 12
WAIT_SECONDS = 15.0
_SECONDS = 100.0
_INDEX_SECONDS = 80.0


class Reader:
    """`command` starts the process; it gets format and seconds as further arguments."""

    def __init__(
        self,
        command: tuple[str, ...] | None = None,
        *,
        seconds: float = _SECONDS,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._joining = isolated.command("control_api.play.sequence_child")
        self._command = command or isolated.command("control_api.play.child")
        self._seconds = seconds
        self._wait = wait
        self._lock = threading.Lock()
        self._making: dict[str, Future[None]] = {}
        self._turns = Turns(
            AT_ONCE, MOST_WAITING, wait, said="other videos are being prepared", again=3
        )

    def once(self, name: str, make: Callable[[], None]) -> None:
        """Do it, or wait for who is at it already. Raises what that raises, Unavailable."""
        with self._lock:
            known = self._making.get(name)
            mine = known or self._making.setdefault(name, Future())
        if known is not None:
            with self._turns.seat():
                _await(known, self._wait)
            return
        try:
            with self._turns.turn():
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
        command = [*self._command, form, str(min(_INDEX_SECONDS, self._seconds))]
        isolated.run(command, file, answer, self._seconds)

    def join(self, indexes: BinaryIO, answer: BinaryIO) -> None:
        """Make one movie of several indexes. Raises as `examine` does."""
        isolated.run(self._joining, indexes, answer, self._seconds)


def _await(making: Future[None], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        return making.result(seconds)
    raise Unavailable("it is being prepared; try again", {"Retry-After": "3"})
