"""Events in the order in which they happened, for who missed some."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from control_api.database import Database
from control_api.events.service import Event, Kind
from control_api.events.tables import EventRow


class EventHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    def last_id(self) -> int:
        """Of the newest event; 0 if there is none."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(EventRow.id))) or 0

    def after(self, id: int, limit: int) -> Sequence[Event]:
        """At most `limit` of those that came after this id, oldest first."""
        query = select(EventRow).where(EventRow.id > id).order_by(EventRow.id).limit(limit)
        with self._database.reading() as session:
            rows = session.scalars(query).all()
        return [
            Event(row.id, row.time, Kind(row.kind), row.studio, row.message, row.data)
            for row in rows
        ]
