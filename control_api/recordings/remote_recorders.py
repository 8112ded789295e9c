"""The API's side of recorders on other hosts, which are reached through the database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.database_faults import DatabaseFault
from control_api.errors import Unavailable
from control_api.recorder import relay_store
from control_api.recorder.protocol import Answer
from control_api.recorder.relay_store import Published
from control_api.recorder.status import RecorderStatus
from control_api.threads import BoundedCalls

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_SECONDS = 0.5
_FRESH_SECONDS = 5.0
_DATABASE_SECONDS = 2.0
_CLAIM_SECONDS = 4.0
"""For how long a request waits to be taken before it is withdrawn."""
_ANSWER_SECONDS = 4.0
_AGAIN_SECONDS = 0.1
_JOIN_SECONDS = 2.0
_THREADS = 8
_FAULTS = (TimeoutError, SQLAlchemyError, DatabaseFault)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was published, and the database's time; `read_at` is when that was known (monotonic)."""

    studios: Mapping[str, Published] = field(default_factory=dict)
    now: float = 0.0
    read_at: float = float("-inf")

    @property
    def since(self) -> float:
        return time.monotonic() - self.read_at


class RemoteRecorders:
    """The recorders that publish the status of these studios; they are asked by request.

    Nothing here waits for long while the database hangs.
    """

    def __init__(self, database: Database, studios: Sequence[str]) -> None:
        self.studios = tuple(studios)
        self._database = database
        self._calls = BoundedCalls("recorders of other hosts", _THREADS)
        self._seen = _Look()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, is_needed: Callable[[], bool]) -> None:
        """Look once, then again and again, whenever `is_needed`."""

        def run() -> None:
            while not self._stop.wait(_LOOK_SECONDS):
                if is_needed():
                    self.look()

        if is_needed():
            self.look()
        self._thread = threading.Thread(target=run, name="recorders of other hosts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)

    def look(self) -> None:
        """Read what is published; if that cannot be done, what is known gets older."""
        try:
            studios, now = self._reading(lambda s: relay_store.published(s, self.studios))
        except _FAULTS:
            return
        # As late as possible: by this the age of what is read, and of a request, is not too low.
        self._seen = _Look(studios, now, time.monotonic())

    def status_of(self, studio: str) -> RecorderStatus | None:
        """That of its recorder, with this studio alone; None unless it is fresh."""
        seen = self._seen
        found = seen.studios.get(studio)
        if found is None or not found.status.studios or found.age + seen.since > _FRESH_SECONDS:
            return None
        return found.status

    def ask(self, studio: str, command: str, body: Any) -> Answer:
        """Have its recorder carry out a command. Raises Unavailable if no answer comes."""
        status = self.status_of(studio)
        if status is None:
            raise Unavailable(f"studio {studio}: its recorder does not answer")
        seen = self._seen
        # Not the time at which it is written: if that takes long, the request is old by then.
        asked_at = seen.now + seen.since
        try:
            number = self._writing(
                lambda session: relay_store.ask(session, studio, command, body, asked_at)
            )
            answer = self._awaited(number, status.host)
        except _FAULTS:
            late = f"{relay_store.LATE_SECONDS:.0f} s"
            raise Unavailable(
                f"studio {studio}: the database does not answer; the recorder on {status.host} "
                f"does this within {late}, or not at all"
            ) from None
        self.look()
        return answer

    def _awaited(self, number: int, host: str) -> Answer:
        answer = self._answer(number, _CLAIM_SECONDS)
        if answer is None:
            if self._writing(lambda session: relay_store.withdraw(session, number)):
                raise Unavailable(f"the recorder on {host} does not answer; nothing was done")
            answer = self._answer(number, _ANSWER_SECONDS)
        if answer is None:
            raise Unavailable(
                f"the recorder on {host} has begun with it and does not answer; see the status"
            )
        return answer

    def _answer(self, number: int, seconds: float) -> Answer | None:
        until = time.monotonic() + seconds
        while True:
            answer = self._reading(lambda session: relay_store.answer_to(session, number))
            if answer is not None or time.monotonic() >= until:
                return answer
            self._stop.wait(_AGAIN_SECONDS)

    def _reading(self, function: Callable[[Session], T]) -> T:
        def call() -> T:
            with self._database.reading() as session:
                return function(session)

        return self._calls.call(call, _DATABASE_SECONDS)

    def _writing(self, function: Callable[[Session], T]) -> T:
        def call() -> T:
            with self._database.begin_unordered() as session:
                return function(session)

        return self._calls.call(call, _DATABASE_SECONDS)
