"""The audit log in the database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from control_api.audit.tables import AuditRow
from control_api.database import Database
from control_api.recorder.protocol import Audit

MOST = 90_000
MOST_OF_STRANGERS = 10_000
"""Of those whom nobody knows. A share of their own: they must not push out the rest."""
_EVERY = 500


class AuditStore:
    def __init__(
        self,
        database: Database,
        *,
        most: int = MOST,
        most_of_strangers: int = MOST_OF_STRANGERS,
        every: int = _EVERY,
    ) -> None:
        """Old rows go at every so many new ones, with that many fewer kept."""
        self._database = database
        self._most = most - every
        self._most_of_strangers = most_of_strangers - every
        self._every = every

    def add(self, entry: Audit) -> None:
        """Insert an entry, unless it is there: it may have come through the recorder."""
        with self._database.begin() as session:
            if session.scalar(select(AuditRow.id).where(AuditRow.uid == entry.uid)) is not None:
                return
            row = AuditRow(**msgspec.structs.asdict(entry))
            session.add(row)
            session.flush()
            if row.id % self._every == 0:
                _forget(session, self._most, strangers=False)
                _forget(session, self._most_of_strangers, strangers=True)

    def newest(self, limit: int, before: int | None, who: str | None) -> Sequence[AuditRow]:
        """At most `limit`, newest first, of those with an id below `before`."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.id < before)
        if who is not None:
            query = query.where(AuditRow.who == who)
        with self._database.reading() as session:
            return session.scalars(query).all()


def _forget(session: Session, most: int, *, strangers: bool) -> None:
    kind = AuditRow.who == "" if strangers else AuditRow.who != ""
    query = select(AuditRow.id).where(kind).order_by(AuditRow.id.desc()).offset(most).limit(1)
    newest = session.scalar(query)
    if newest is not None:
        session.execute(delete(AuditRow).where(kind, AuditRow.id <= newest))
