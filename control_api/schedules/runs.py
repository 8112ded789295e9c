"""Runs in the database: what became of each window; the recorder writes them."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select

from control_api.database import Database
from control_api.recordings.reasons import BY_HAND
from control_api.schedules.tables import RunRow

TOLERANCE_SECONDS = 5.0
"""What a window may lack and is recorded nevertheless: its start takes time."""


class Outcome(enum.StrEnum):
    """What became of a window."""

    RUNNING = "running"
    RECORDED = "recorded"
    PARTLY = "partly"
    MISSED = "missed"


class RunStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, schedule_id: int, start: float) -> RunRow | None:
        """The run of the schedule's window that begins at this moment."""
        query = select(RunRow).filter_by(schedule_id=schedule_id, start=start)
        with self._database.reading() as session:
            return session.scalar(query)

    def open_runs(self, studio: str) -> Sequence[RunRow]:
        """Those that are not finished, by start."""
        query = select(RunRow).filter_by(studio=studio, outcome=Outcome.RUNNING)
        with self._database.reading() as session:
            return session.scalars(query.order_by(RunRow.start, RunRow.id)).all()

    def save(self, row: RunRow) -> RunRow:
        """Insert it, or update the one of the same schedule and start; returns what is stored."""
        same = select(RunRow.id).filter_by(schedule_id=row.schedule_id, start=row.start)
        with self._database.begin() as session:
            if row.id is None:
                known = session.scalar(same)
                if known is not None:
                    row.id = known
            stored = session.merge(row)
            session.flush()
            row.id = stored.id
        return stored

    def newest(self, limit: int, before: int | None = None, **equal: Any) -> Sequence[RunRow]:
        """At most `limit`, the latest start first, of those that come after the run `before`."""
        query = select(RunRow).filter_by(**equal)
        if before is not None:
            start = select(RunRow.start).where(RunRow.id == before).scalar_subquery()
            same = and_(RunRow.start == start, RunRow.id < before)
            query = query.where(or_(RunRow.start < start, same))
        query = query.order_by(RunRow.start.desc(), RunRow.id.desc()).limit(limit)
        with self._database.reading() as session:
            return session.scalars(query).all()

    def missed(self, studio: str) -> int:
        """How many windows were not recorded, or only partly; what a hand stopped is not missed."""
        query = select(RunRow).filter_by(studio=studio)
        bad = RunRow.outcome.in_((Outcome.PARTLY, Outcome.MISSED))
        with self._database.reading() as session:
            return sum(_is_missed(run) for run in session.scalars(query.where(bad)))

    def counts_by_outcome(self) -> Mapping[Outcome, int]:
        """How many runs there are of each outcome, 0 too."""
        query = select(RunRow.outcome, func.count()).group_by(RunRow.outcome)
        with self._database.reading() as session:
            found = {Outcome(outcome): count for outcome, count in session.execute(query)}
        return {outcome: found.get(outcome, 0) for outcome in Outcome}


def _is_missed(run: RunRow) -> bool:
    """Whether more is missing than an operator stopped or paused."""
    meant = sum(gap["end"] - gap["start"] for gap in run.gaps if gap["code"] in BY_HAND)
    missing: float = run.end - run.start - run.recorded_seconds - meant
    return missing > TOLERANCE_SECONDS
