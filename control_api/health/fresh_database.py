"""Notices a database that was made new beside videos of an earlier one, without any schedule.

Such a database replaces one that was lost together with its schedules: no evening would be
recorded, and nothing else would say so.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.events.service import EventService, Kind
from control_api.library.tables import VideoRow
from control_api.recorder.tables import InstallationRow
from control_api.schedules.tables import RunRow, ScheduleRow

MESSAGE = (
    "the database is newer than the videos beside it and has no schedule: no evening will be "
    "recorded; put the backup back, or make the schedules again"
)


class FreshDatabase:
    """`is_fresh` is None until the database was looked at."""

    def __init__(self, database: Database, events: EventService) -> None:
        self._database = database
        self._events = events
        self.is_fresh: bool | None = None

    def look(self) -> None:
        """Look again; what is still so at a second look is reported, once a database."""
        try:
            with self._database.reading() as session:
                found = is_fresh(session)
            is_new = found and self.is_fresh and not self._is_reported()
        except SQLAlchemyError:
            # The check of the database reports that; what was known stays.
            return
        self.is_fresh = found
        if is_new:
            self._events.tell(Kind.DATABASE_FRESH, None, MESSAGE)

    def _is_reported(self) -> bool:
        return bool(self._events.newest(1, kind=Kind.DATABASE_FRESH))


def is_fresh(session: Session) -> bool:
    """Whether nothing was ever scheduled here, while a sidecar tells of an earlier database."""
    made_at = session.scalar(select(InstallationRow.created_at))
    if made_at is None:
        return False
    for scheduled in (select(ScheduleRow.id), select(RunRow.id)):
        if session.scalar(scheduled.limit(1)) is not None:
            return False
    older = select(VideoRow.id).where(VideoRow.created_at < made_at).limit(1)
    return session.scalar(older) is not None
