"""Entries of the audit log on their way to the database or, where that takes long, the recorder."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError, StatementError

from control_api.audit.store import AuditStore
from control_api.recorder.protocol import Audit
from control_api.threads import Worker

logger = logging.getLogger(__name__)

_DATABASE_SECONDS = 0.3
_AGAIN_SECONDS = 1.0
_MOST_WAITING = 10_000

HandOver = Callable[[Audit], bool]


@dataclass(eq=False, slots=True)
class Waiting:
    """An entry; `kept` is done when database or recorder have it, or it was given up."""

    entry: Audit
    since: float = field(default_factory=time.monotonic)
    was_refused: bool = False
    kept: Future[None] = field(default_factory=lambda: _running())


class AuditQueue:
    """Writes each entry once: its uid is known to the database, whichever way it comes.

    `hand_over` has the recorder keep an entry, and says whether it does.
    """

    def __init__(self, store: AuditStore, hand_over: HandOver) -> None:
        self._store = store
        self._hand_over = hand_over
        self._changed = threading.Condition()
        self._waiting: dict[str, Waiting] = {}
        self._is_over = False
        self._writer = Worker("audit", self._write)
        self._courier = Worker("audit to the recorder", self._pass_on)

    def put(self, entry: Audit) -> Future[None]:
        """Returns what is done when the entry is kept; never waits."""
        waiting = Waiting(entry)
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                self._give_up(next(iter(self._waiting.values())), "too many wait")
            self._waiting[entry.uid] = waiting
        self._writer.wake()
        self._courier.wake()
        return waiting.kept

    def stop(self, timeout: float) -> None:
        """Give what waits a moment, and stop trying."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, timeout)
            self._is_over = True
            for waiting in list(self._waiting.values()):
                self._give_up(waiting, "the service ends")
            self._changed.notify_all()
        self._writer.rest(timeout)

    def _write(self) -> bool:
        """Write the oldest entry into the database; False if there is nothing to do."""
        waiting = self._oldest()
        if waiting is None:
            return False
        try:
            self._store.add(waiting.entry)
        except (TypeError, ValueError, DataError) as error:
            # No database will ever take it.
            self._give_up(waiting, type(error).__name__)
        except SQLAlchemyError as error:
            if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
                self._give_up(waiting, type(error.orig).__name__)
            else:
                self._refused(waiting, error)
        else:
            self._settle(waiting)
        return True

    def _refused(self, waiting: Waiting, error: Exception) -> None:
        with self._changed:
            if not waiting.was_refused:
                why = type(error).__name__
                logger.warning("not in the audit log yet (%s): %s", why, _text(waiting.entry))
            for each in self._waiting.values():
                each.was_refused = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_over or not self._waiting, _AGAIN_SECONDS)

    def _pass_on(self) -> bool:
        """Hand the oldest entry to the recorder if it is due; False if there is nothing to do."""
        waiting = self._oldest()
        if waiting is None:
            return False
        with self._changed:
            left = waiting.since + _DATABASE_SECONDS - time.monotonic()
            self._changed.wait_for(lambda: waiting.was_refused or waiting.kept.done(), left)
        if waiting.kept.done():
            return True
        if self._is_taken(waiting.entry):
            self._settle(waiting)
        else:
            with self._changed:
                self._changed.wait_for(lambda: self._is_over or waiting.kept.done(), _AGAIN_SECONDS)
        return True

    def _is_taken(self, entry: Audit) -> bool:
        try:
            return self._hand_over(entry)
        except (TypeError, ValueError):
            return False

    def _oldest(self) -> Waiting | None:
        with self._changed:
            return None if self._is_over else next(iter(self._waiting.values()), None)

    def _settle(self, waiting: Waiting) -> None:
        with self._changed:
            self._waiting.pop(waiting.entry.uid, None)
            if not waiting.kept.done():
                waiting.kept.set_result(None)
            self._changed.notify_all()

    def _give_up(self, waiting: Waiting, why: str) -> None:
        """What cannot be kept is in the log at least: it has been done."""
        logger.error("not in the audit log (%s): %s", why, _text(waiting.entry))
        self._settle(waiting)


def _running() -> Future[None]:
    """A future that cannot be cancelled: whoever gives up waiting changes nothing."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future


def _text(entry: Audit) -> str:
    who = entry.who or "somebody"
    return f"{who} from {entry.address}: {entry.action} -> {entry.status}"
