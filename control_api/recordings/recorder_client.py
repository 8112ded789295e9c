"""The API's side of the recorder's socket: its status as of now, and commands to it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from control_api.clock import Clock
from control_api.errors import ApiError, BadGateway, BadInput, Conflict, NotFound, Unavailable
from control_api.recorder import protocol
from control_api.recorder.protocol import Answer, Request, encoded
from control_api.recorder.socket_address import SocketAddress
from control_api.recorder.status import RecorderStatus, StudioStatus

logger = logging.getLogger(__name__)

T = TypeVar("T")

_POLL_SECONDS = 0.5
_STATUS_SECONDS = 1.0
_COMMAND_SECONDS = 6.0
"""More than the recorder takes; only one that hangs is given up on."""
_AWAY_SECONDS = 2.5
_JOIN_SECONDS = 2.0
_SEEK_SECONDS = 2.0
_ERRORS: Mapping[int, type[ApiError]] = {
    404: NotFound,
    409: Conflict,
    422: BadInput,
    502: BadGateway,
    503: Unavailable,
}
_AWAY = "the recorder does not answer; see that `leitstand recorder` runs"


@dataclass(frozen=True, slots=True)
class Away:
    """The recorder does not answer since a moment (Unix seconds)."""

    since: float
    reason: str = _AWAY


class RecorderClient:
    """Asks for the status again and again, so that it is known without waiting.

    `elsewhere` gives the address of a recorder that another configuration on this host runs; it is
    asked for, every few seconds, while there is none at `address`.
    """

    def __init__(
        self,
        address: SocketAddress,
        clock: Clock,
        elsewhere: Callable[[], SocketAddress | None] = lambda: None,
    ) -> None:
        self._own = self._address = address
        self._elsewhere = elsewhere
        self._sought_at = float("-inf")
        self._clock = clock
        self._status: RecorderStatus | None = None
        self._seen_at = float("-inf")
        self._away_since = clock.now()
        self._was_away = True
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder status", daemon=True)

    def start(self) -> None:
        """Ask once, then begin to ask again and again."""
        self._poll()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    @property
    def status(self) -> RecorderStatus | None:
        """At most a few seconds old; None while the recorder does not answer."""
        return None if self.away else self._status

    @property
    def away(self) -> Away | None:
        """Since when the recorder does not answer; None while it does."""
        if time.monotonic() - self._seen_at <= _AWAY_SECONDS:
            return None
        return Away(self._away_since)

    def studio(self, name: str) -> StudioStatus | None:
        """One studio's status; None while the recorder does not answer, or has no such studio."""
        status = self.status
        found = (each for each in (status.studios if status else ()) if each.studio == name)
        return next(found, None)

    def begin(self, body: protocol.Start) -> StudioStatus:
        """Start a recording. Raises ApiError, as all commands here."""
        return self._taken(self._command("start", body, StudioStatus))

    def end(self, body: protocol.OfStudio) -> protocol.Stopped:
        stopped = self._command("stop", body, protocol.Stopped)
        self._poll()
        return stopped

    def pause(self, body: protocol.Pause) -> StudioStatus:
        return self._taken(self._command("pause", body, StudioStatus))

    def extend(self, body: protocol.Extend) -> StudioStatus:
        return self._taken(self._command("extend", body, StudioStatus))

    def follow_schedule(self, body: protocol.OfStudio) -> StudioStatus:
        return self._taken(self._command("follow_schedule", body, StudioStatus))

    def refresh(self) -> bool:
        """Have the plan read again now; False if the recorder or its database did not answer."""
        try:
            return bool(self._command("refresh", protocol.Refresh(), bool))
        except ApiError:
            return False

    def keep_audit(self, entry: protocol.Audit) -> bool:
        """Have an entry of the audit log kept that the database does not take now."""
        try:
            self._command("audit", entry, type(None))
        except ApiError:
            return False
        return True

    def _taken(self, status: StudioStatus) -> StudioStatus:
        """Show at once what a command came to."""
        known = self._status
        if known is not None:
            studios = [status if s.studio == status.studio else s for s in known.studios]
            self._status = msgspec.structs.replace(known, studios=studios)
        return status

    def _command(self, name: str, body: Any, kind: type[T]) -> T:
        try:
            answer = self._ask(name, body, _COMMAND_SECONDS)
        except (OSError, msgspec.DecodeError):
            raise Unavailable(_AWAY) from None
        if answer.status:
            self._poll()
            raise _ERRORS.get(answer.status, BadGateway)(answer.error)
        return msgspec.convert(answer.data, kind)

    def _ask(self, name: str, body: Any, seconds: float) -> Answer:
        """Raises OSError, or DecodeError for something that is no answer."""
        request = Request(name, msgspec.to_builtins(body), self._address.secret)
        with self._address.connected(seconds) as connection:
            connection.sendall(encoded(request))
            with connection.makefile("rb") as lines:
                line = lines.readline(protocol.LONGEST_LINE)
        if not line:
            raise ConnectionResetError
        return msgspec.json.decode(line, type=Answer)

    def _run(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            self._poll()

    def _poll(self) -> None:
        try:
            answer = self._ask("status", {}, _STATUS_SECONDS)
            status = msgspec.convert(answer.data, RecorderStatus)
        except (OSError, msgspec.MsgspecError):
            self._note_away()
            self._seek()
            return
        self._status, self._seen_at = status, time.monotonic()
        if self._was_away:
            self._was_away = False
            logger.info("the recorder answers: version %s, process %d", status.version, status.pid)

    def _seek(self) -> None:
        """Look for the recorder where another configuration has it, and back."""
        if time.monotonic() - self._sought_at < _SEEK_SECONDS:
            return
        self._sought_at = time.monotonic()
        found = self._elsewhere() if self._address == self._own else None
        self._address = found or self._own

    def _note_away(self) -> None:
        if not self._was_away and self.away:
            self._was_away = True
            self._away_since = self._clock.now() - _AWAY_SECONDS
            logger.warning("the recorder does not answer at %s", self._address)
