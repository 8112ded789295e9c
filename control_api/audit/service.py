"""Keeps who changed what, or tried to."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from control_api.audit.queue import AuditQueue, HandOver
from control_api.audit.store import AuditStore
from control_api.auth.access import Caller
from control_api.clock import Clock
from control_api.recorder.protocol import Audit

WAIT_SECONDS = 0.5
"""An answer waits this long for its entry: a little more than the queue waits for the database."""
_STOP_SECONDS = 0.5
_LONGEST_ACTION = 200


@dataclass(frozen=True, slots=True)
class Deed:
    """One attempt to change something; `caller` is None if nobody knows who it was."""

    caller: Caller | None
    address: str
    action: str
    status: int
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A deed as it is kept; `who` is empty if nobody knows. `time` is Unix seconds."""

    id: int
    time: float
    who: str
    role: str
    address: str
    action: str
    status: int
    detail: Mapping[str, Any] = field(default_factory=dict)


class AuditService:
    """`hand_over` has the recorder keep what the database does not take at once."""

    def __init__(
        self, store: AuditStore, clock: Clock, hand_over: HandOver = lambda _: False
    ) -> None:
        self._store = store
        self._clock = clock
        self._queue = AuditQueue(store, hand_over)

    def submit(self, deed: Deed) -> Future[None]:
        """Keep it; returns what is done when it is kept."""
        entry = Audit(
            uid=uuid.uuid4().hex,
            time=self._clock.now(),
            who=deed.caller.name if deed.caller else "",
            role=str(deed.caller.role) if deed.caller else "",
            address=deed.address,
            action=deed.action[:_LONGEST_ACTION],
            status=deed.status,
            detail=dict(deed.detail),
        )
        return self._queue.put(entry)

    def note(self, deed: Deed) -> None:
        """Keep it; waits for that, but not long."""
        with contextlib.suppress(TimeoutError):
            self.submit(deed).result(WAIT_SECONDS)

    def stop(self) -> None:
        """Give what waits a moment to be kept."""
        self._queue.stop(_STOP_SECONDS)

    def newest(
        self, limit: int = 100, before: int | None = None, who: str | None = None
    ) -> Sequence[Entry]:
        """Newest first."""
        return [
            Entry(
                row.id, row.time, row.who, row.role, row.address, row.action, row.status, row.detail
            )
            for row in self._store.newest(limit, before, who)
        ]
