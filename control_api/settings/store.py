"""What was changed, key by key, in the database.

Each change counts up the revision, by which other processes see it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select

from control_api.database import Database
from control_api.revisions import count_up
from control_api.settings.tables import SettingRow

REVISION = "settings"


class SettingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[SettingRow]:
        with self._database.reading() as session:
            return session.scalars(select(SettingRow)).all()

    def get(self, key: str) -> Any | None:
        with self._database.reading() as session:
            row = session.get(SettingRow, key)
            return None if row is None else row.value

    def put(self, rows: Collection[SettingRow]) -> None:
        """All of them or none."""
        with self._database.begin() as session:
            for row in rows:
                session.merge(row)
            count_up(session, REVISION)

    def remove(self, key: str) -> None:
        with self._database.begin() as session:
            session.execute(delete(SettingRow).where(SettingRow.key == key))
            count_up(session, REVISION)
