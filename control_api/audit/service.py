"""Keeps who changed what, or tried to."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from control_api.audit.store import AuditStore
from control_api.audit.tables import AuditRow
from control_api.auth.access import Caller
from control_api.clock import Clock

logger = logging.getLogger(__name__)

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
    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def note(self, deed: Deed) -> None:
        """Keep it. What cannot be kept is in the log at least: the deed itself is done."""
        row = AuditRow(
            time=self._clock.now(),
            who=deed.caller.name if deed.caller else "",
            role=str(deed.caller.role) if deed.caller else "",
            address=deed.address,
            action=deed.action[:_LONGEST_ACTION],
            status=deed.status,
            detail=dict(deed.detail),
        )
        who = row.who or "somebody"
        try:
            self._store.add(row)
        except (SQLAlchemyError, TypeError, ValueError) as error:
            logger.error(
                "not in the audit log (%s): %s from %s: %s -> %s",
                type(error).__name__,
                who,
                deed.address,
                deed.action,
                deed.status,
            )

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
