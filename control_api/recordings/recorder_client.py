"""The API's side of the recorder: its status as of now, and commands to it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from control_api.clock import Clock
from control_api.errors import ApiError, BadGateway, BadInput, Conflict, NotFound, Unavailable
from control_api.recorder import protocol
from control_api.recorder.protocol import Answer, Request, encoded
from control_api.recorder.socket_address import SocketAddress
from control_api.recorder.status import RecorderStatus, StudioStatus, joined
from control_api.recordings.remote_recorders import RemoteRecorders

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
    asked for, every few seconds, while there is none at `address`. `remote` are those of other
    hosts: each studio for which this one does not answer, or is a stand-by, is asked of them.
    """

    def __init__(
        self,
        address: SocketAddress,
        clock: Clock,
        elsewhere: Callable[[], SocketAddress | None] = lambda: None,
        remote: RemoteRecorders | None = None,
    ) -> None:
        self._own = self._address = address
        self._elsewhere = elsewhere
        self._remote = remote
        self._sought_at = float("-inf")
        self._clock = clock
        self._status: RecorderStatus | None = None
        self._seen_at = float("-inf")
        self._away_since = clock.now()
        self._was_away = self._is_silent = True
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder status", daemon=True)

    def start(self) -> None:
        """Ask once, then begin to ask again and again."""
        self._poll()
        self._thread.start()
        if self._remote is not None:
            self._remote.start(self._needs_remote)

    def stop(self) -> None:
        self._stop.set()
        if self._remote is not None:
            self._remote.stop()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    @property
    def status(self) -> RecorderStatus | None:
        """At most a few seconds old; None while no recorder answers.

        Each studio's is that of the recorder which controls it.
        """
        own, remote = self._own_status, joined(self._remote_statuses)
        if own is None or remote is None:
            return own or remote
        theirs = {each.studio: each for each in remote.studios}
        studios = [theirs.pop(each.studio, each) for each in own.studios]
        return msgspec.structs.replace(own, studios=[*studios, *theirs.values()])

    @property
    def away(self) -> Away | None:
        """Since when no recorder answers; None while one does."""
        if self._own_status is not None or self._remote_statuses:
            return None
        return Away(self._away_since)

    @property
    def is_own_away(self) -> bool:
        """Whether none answers on this host."""
        return self._own_status is None

    @property
    def unattended(self) -> Sequence[str]:
        """The studios that no recorder looks after, while only those of other hosts answer."""
        if self._remote is None or not self.is_own_away:
            return ()
        return [name for name in self._remote.studios if self._remote_status(name) is None]

    def studio(self, name: str) -> StudioStatus | None:
        """One studio's status; None while no recorder answers for it, or has no such studio."""
        status = self.status
        found = (each for each in (status.studios if status else ()) if each.studio == name)
        return next(found, None)

    def host_of(self, name: str) -> str | None:
        """The host whose recorder controls the studio, if it is reached through the database."""
        remote = self._remote_status(name)
        return remote.host if remote else None

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

    @property
    def _own_status(self) -> RecorderStatus | None:
        is_fresh = time.monotonic() - self._seen_at <= _AWAY_SECONDS
        return self._status if is_fresh else None

    def _remote_status(self, name: str) -> RecorderStatus | None:
        """That of another host's recorder, if it is the one to be asked for the studio."""
        own, last = self._own_status, self._status
        studios = own.studios if own else ()
        if self._remote is None or any(s.studio == name and not s.is_standby for s in studios):
            return None
        found = self._remote.status_of(name)
        # What this one itself published before it fell silent says nothing of now.
        is_own = found is not None and last is not None and found.identity == last.identity
        return None if is_own else found

    @property
    def _remote_statuses(self) -> Sequence[RecorderStatus]:
        found = map(self._remote_status, self._remote.studios if self._remote else ())
        return [status for status in found if status is not None]

    def _needs_remote(self) -> bool:
        status = self._own_status
        return self._is_silent or status is None or any(s.is_standby for s in status.studios)

    def _taken(self, status: StudioStatus) -> StudioStatus:
        """Show at once what a command came to."""
        known = self._status
        if known is not None:
            studios = [
                status if s.studio == status.studio and not s.is_standby else s
                for s in known.studios
            ]
            self._status = msgspec.structs.replace(known, studios=studios)
        return status

    def _command(self, name: str, body: Any, kind: type[T]) -> T:
        studio = getattr(body, "studio", "")
        if studio and self._remote is not None and self._needs_remote():
            # Its recorder may be heard again, or be another one by now.
            self._remote.look()
        if self._remote is not None and self._remote_status(studio) is not None:
            answer = self._remote.ask(studio, name, body)
        else:
            answer = self._asked_own(name, body)
        if answer.status:
            raise _ERRORS.get(answer.status, BadGateway)(answer.error)
        return msgspec.convert(answer.data, kind)

    def _asked_own(self, name: str, body: Any) -> Answer:
        try:
            answer = self._ask(name, body, _COMMAND_SECONDS)
        except (OSError, msgspec.DecodeError):
            raise Unavailable(_AWAY) from None
        if answer.status:
            self._poll()
        return answer

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
            self._is_silent = True
            self._note_away()
            self._seek()
            return
        self._status, self._seen_at, self._is_silent = status, time.monotonic(), False
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
        if not self._was_away and self.is_own_away:
            self._was_away = True
            self._away_since = self._clock.now() - _AWAY_SECONDS
            logger.warning("the recorder does not answer at %s", self._address)
