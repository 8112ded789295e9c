"""Events in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from control_api.database import Database
from control_api.events.tables import EventRow

_MOST = 100_000


class EventStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: EventRow) -> EventRow:
        with self._database.begin() as session:
            session.add(row)
            session.flush()
            if row.id % 1_000 == 0:
                session.execute(delete(EventRow).where(EventRow.id <= row.id - _MOST))
        return row

    def forget(self, before: float) -> None:
        """Delete those that happened before that moment."""
        with self._database.begin() as session:
            session.execute(delete(EventRow).where(EventRow.time < before))

    def newest(self, limit: int, before: int | None = None, **equal: Any) -> Sequence[EventRow]:
        """At most `limit`, newest first, of those with an id below `before`."""
        query = select(EventRow).filter_by(**equal).order_by(EventRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(EventRow.id < before)
        with self._database.reading() as session:
            return session.scalars(query).all()
