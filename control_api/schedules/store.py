"""Schedules in the database.

Each change counts up the revision, by which other processes see it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, func, select, update

from control_api.database import Database
from control_api.revisions import count_up
from control_api.schedules.notation import (
    clock_text,
    date_texts,
    parse_clock,
    parse_date,
    parse_weekdays,
    weekday_names,
)
from control_api.schedules.tables import RunRow, ScheduleRow
from control_api.schedules.windows import Schedule

logger = logging.getLogger(__name__)

REVISION = "schedules"


class ScheduleStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, fallback: ZoneInfo) -> Sequence[Schedule]:
        """Every schedule, by id; `fallback` is for one whose zone this machine no longer knows."""
        with self._database.reading() as session:
            rows = session.scalars(select(ScheduleRow).order_by(ScheduleRow.id)).all()
        return [_schedule(row, fallback) for row in rows]

    def add(self, schedule: Schedule, now: float) -> int:
        """Keep it; returns its id, one that no schedule with runs ever had."""
        with self._database.begin() as session:
            # SQLite would give a deleted schedule's id, and so its runs, to the next one.
            taken = [
                session.scalar(select(func.max(column))) or 0
                for column in (ScheduleRow.id, RunRow.schedule_id)
            ]
            row = ScheduleRow(
                id=max(taken) + 1, created_at=now, updated_at=now, **_columns(schedule)
            )
            session.add(row)
            count_up(session, REVISION)
        return row.id

    def change(self, schedule: Schedule, now: float) -> None:
        """Write it over the one with its id."""
        values = {**_columns(schedule), "updated_at": now}
        with self._database.begin() as session:
            session.execute(update(ScheduleRow).where(ScheduleRow.id == schedule.id).values(values))
            count_up(session, REVISION)

    def delete(self, schedule_id: int) -> None:
        """Its runs stay."""
        with self._database.begin() as session:
            session.execute(delete(ScheduleRow).where(ScheduleRow.id == schedule_id))
            count_up(session, REVISION)


def _columns(schedule: Schedule) -> dict[str, Any]:
    return {
        "title": schedule.title,
        "studio": schedule.studio,
        "weekdays": weekday_names(schedule.weekdays),
        "start": clock_text(schedule.start),
        "end": clock_text(schedule.end),
        "timezone": schedule.zone.key,
        "skip": date_texts(schedule.skip),
        "add": date_texts(schedule.add),
        "enabled": schedule.enabled,
    }


def _schedule(row: ScheduleRow, fallback: ZoneInfo) -> Schedule:
    try:
        zone = ZoneInfo(row.timezone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        logger.warning(
            "schedule %d: no time zone %r on this machine; %s is used",
            row.id,
            row.timezone,
            fallback.key,
        )
        zone = fallback
    return Schedule(
        id=row.id,
        title=row.title,
        studio=row.studio,
        weekdays=parse_weekdays(row.weekdays),
        start=parse_clock(row.start),
        end=parse_clock(row.end),
        zone=zone,
        skip=frozenset(map(parse_date, row.skip)),
        add=frozenset(map(parse_date, row.add)),
        enabled=row.enabled,
    )
