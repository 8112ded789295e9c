"""The connection that requests go through: one exchange at a time, a new socket after any error."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from leitstand.clients.obs.address import Address
from leitstand.clients.obs.backoff import Backoff
from leitstand.clients.obs.errors import Absent, Hung, ObsError
from leitstand.clients.obs.handshake import identify
from leitstand.clients.obs.messages import Addressed, Message, decoded, encoded
from leitstand.clients.obs.wire import Wire

T = TypeVar("T")

_LONGEST_CLOSE_SECONDS = 0.5


class Asker:
    """Used by any number of threads."""

    def __init__(self, address: Address) -> None:
        self.backoff = Backoff()
        self._address = address
        self._turn = threading.Lock()
        self._ids = itertools.count(1)
        self._wire: Wire | None = None
        self._is_over = False

    @property
    def is_connected(self) -> bool:
        return self._wire is not None and self.backoff.error is None

    def ask(
        self,
        op: int,
        content: Mapping[str, Any],
        read: Callable[[msgspec.Raw], T],
        seconds: float,
    ) -> T:
        """Send a message and give its answer, which has the op that follows, as it was read.

        The answer may take `seconds`, and so may the wait for those who asked before.
        """
        request_id = str(next(self._ids))
        text = encoded(op, request_id, content)
        with self._turn_within(seconds):
            self._check_pause()
            try:
                answer = read(self._exchange(text, op + 1, request_id, seconds))
            except ObsError as error:
                self._drop()
                self.backoff.failed(error)
                raise
            except BaseException:
                # An answer that is under way must not be taken for another's.
                self._drop()
                raise
            self.backoff.succeeded()
            return answer

    def abort(self) -> None:
        """Make what is asked now or later fail at once; from any thread."""
        self._is_over = True
        if (wire := self._wire) is not None:
            wire.cut()

    def drop_idle(self) -> None:
        """Leave for now, if nothing is being asked.

        An OBS that exits waits 5 s for a client that is connected and does not read.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._turn.release()

    def close(self) -> None:
        if not self._turn.acquire(blocking=False):
            self.abort()
            if not self._turn.acquire(timeout=_LONGEST_CLOSE_SECONDS):
                return
        try:
            self._is_over = True
            self._drop()
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _turn_within(self, seconds: float) -> Iterator[None]:
        if not self._turn.acquire(timeout=seconds):
            raise Hung(f"busy with other requests for {seconds:g} s")
        try:
            yield
        finally:
            self._turn.release()

    def _check_pause(self) -> None:
        if self._is_over:
            raise Absent("the link is closed")
        if self.backoff.left and (error := self.backoff.error) is not None:
            # Anew, or its traceback would grow with each time it is raised.
            raise type(error)(*error.args)

    def _exchange(self, text: bytes, op: int, request_id: str, seconds: float) -> msgspec.Raw:
        wire = self._usable_wire(seconds)
        wire.send(text)
        while True:
            message = decoded(wire.recv(), Message)
            if message.op == op and decoded(message.d, Addressed).requestId == request_id:
                return message.d

    def _usable_wire(self, seconds: float) -> Wire:
        """The wire with `seconds` to wait on it, connected if need be."""
        if self._wire is not None and self._wire.is_stale:
            # Nothing was sent yet, so nobody notices that OBS was started anew meanwhile.
            self._drop()
        if self._wire is not None:
            self._wire.allow(seconds)
            return self._wire
        self._wire = wire = Wire(self._address.host, self._address.port)
        if self._is_over:
            wire.cut()
        wire.allow(seconds)
        identify(wire, self._address, subscriptions=0)
        return wire

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
