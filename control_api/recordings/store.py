"""Recordings in the database, as the recorder wrote them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from control_api.database import Database
from control_api.recordings.tables import RecordingRow

OPEN = ("starting", "recording", "stopping", "checking")
"""The states of a recording that is not over yet."""


class RecordingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

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
