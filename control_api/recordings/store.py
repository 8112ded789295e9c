"""Recordings, overrides and heartbeats in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from control_api.database import Database
from control_api.recordings.tables import HeartbeatRow, OverrideRow, RecordingRow
from control_api.recordings.wish import Override, Want

OPEN = ("starting", "recording", "stopping", "checking")
"""The states of a recording that is not over yet."""


class RecordingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def override(self, studio: str) -> Override | None:
        with self._database.reading() as session:
            row = session.get(OverrideRow, studio)
        if row is None:
            return None
        return Override(Want(row.kind), row.since, row.until, row.who, row.title)

    def set_override(self, studio: str, override: Override | None) -> None:
        with self._database.begin() as session:
            if row := session.get(OverrideRow, studio):
                session.delete(row)
                session.flush()
            if override is not None:
                session.add(
                    OverrideRow(
                        studio=studio,
                        kind=str(override.want),
                        since=override.since,
                        until=override.until,
                        who=override.who,
                        title=override.title,
                    )
                )

    def open(self, studio: str) -> Sequence[RecordingRow]:
        """Those that are not over, oldest first."""
        query = select(RecordingRow).filter_by(studio=studio).order_by(RecordingRow.id)
        with self._database.reading() as session:
            return session.scalars(query.where(RecordingRow.state.in_(OPEN))).all()

    def before(self, row: RecordingRow) -> RecordingRow | None:
        """The one before this, which may have no id yet."""
        query = select(RecordingRow).filter_by(studio=row.studio).order_by(RecordingRow.id.desc())
        if row.id is not None:
            query = query.where(RecordingRow.id < row.id)
        query = query.limit(1)
        with self._database.reading() as session:
            return session.scalars(query).first()

    def save(self, row: RecordingRow) -> RecordingRow:
        """Insert or update; the id is there afterwards."""
        with self._database.begin() as session:
            merged = session.merge(row)
            session.flush()
            row.id = merged.id
        return row

    def delete(self, row: RecordingRow) -> None:
        """Forget one that never recorded anything."""
        with self._database.begin() as session:
            if found := session.get(RecordingRow, row.id):
                session.delete(found)

    def get(self, id: int) -> RecordingRow | None:
        with self._database.reading() as session:
            return session.get(RecordingRow, id)

    def newest(
        self, limit: int, before: int | None = None, studio: str | None = None
    ) -> Sequence[RecordingRow]:
        query = select(RecordingRow).order_by(RecordingRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(RecordingRow.id < before)
        if studio is not None:
            query = query.filter_by(studio=studio)
        with self._database.reading() as session:
            return session.scalars(query).all()

    def outcomes(self) -> dict[tuple[str, str], int]:
        """How many recordings there were, by studio and state."""
        columns = RecordingRow.studio, RecordingRow.state
        query = select(*columns, func.count()).group_by(*columns)
        with self._database.reading() as session:
            return {(studio, state): n for studio, state, n in session.execute(query)}

    def heartbeat(self, studio: str) -> float | None:
        with self._database.reading() as session:
            row = session.get(HeartbeatRow, studio)
        return row.at if row else None

    def beat(self, studio: str, at: float) -> None:
        with self._database.begin() as session:
            session.merge(HeartbeatRow(studio=studio, at=at))
