"""Jobs in the database. What changes a state says from which one, and whether it was that."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update

from control_api.database import Database
from control_api.jobs.tables import JobRow


class State(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.QUEUED, State.RUNNING)
OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


class JobStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: JobRow, most_open: int) -> JobRow | None:
        """Keep it; None if its caller has that many already that are not over."""
        with self._database.begin() as session:
            if _open_of(session, row.by) >= most_open:
                return None
            session.add(row)
        return row

    def get(self, id: int) -> JobRow | None:
        with self._database.reading() as session:
            return session.get(JobRow, id)

    def newest(self, limit: int, before: int | None = None, **equal: Any) -> Sequence[JobRow]:
        """At most `limit`, newest first, of those with an id below `before`."""
        query = select(JobRow).filter_by(**equal).order_by(JobRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(JobRow.id < before)
        with self._database.reading() as session:
            return session.scalars(query).all()

    def open(self) -> Sequence[JobRow]:
        """All that are queued or running, oldest first."""
        query = select(JobRow).where(JobRow.state.in_(OPEN)).order_by(JobRow.id)
        with self._database.reading() as session:
            return session.scalars(query).all()

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many there are, by kind and state."""
        query = select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state)
        with self._database.reading() as session:
            return {(kind, state): count for kind, state, count in session.execute(query)}

    def claim(self, now: float, served: Callable[[str], int]) -> JobRow | None:
        """Begin the oldest one of the caller that `served` is lowest for; None: nothing queued."""
        oldest = (
            select(JobRow.by, func.min(JobRow.id))
            .where(JobRow.state == State.QUEUED)
            .group_by(JobRow.by)
        )
        with self._database.reading() as session:
            if not session.execute(oldest.limit(1)).all():
                return None
        with self._database.begin() as session:
            waiting = [(served(by), id) for by, id in session.execute(oldest)]
            if not waiting:
                return None
            row = session.get_one(JobRow, min(waiting)[1])
            row.state, row.started_at, row.attempts = State.RUNNING, now, row.attempts + 1
            row.progress, row.seconds_left = 0.0, None
        return row

    def progress(self, id: int, progress: float, seconds_left: float | None) -> None:
        self._change(id, (State.RUNNING,), progress=progress, seconds_left=seconds_left)

    def requeue(self, row: JobRow, error: str | None, attempts: int) -> bool:
        """From running; `error` says why it begins anew."""
        return self._change(
            row.id,
            (State.RUNNING,),
            **_anew(error, attempts),
        )

    def finish(self, id: int, state: State, now: float, **values: Any) -> bool:
        """From running."""
        values = {"state": state, "finished_at": now, "seconds_left": None, **values}
        return self._change(id, (State.RUNNING,), **values)

    def cancel(self, id: int, now: float) -> bool:
        """From queued."""
        return self._change(id, (State.QUEUED,), state=State.CANCELLED, finished_at=now)

    def retry(self, row: JobRow, most_open: int) -> bool | None:
        """From failed or cancelled; None if its caller has too many already."""
        with self._database.begin() as session:
            if _open_of(session, row.by) >= most_open:
                return None
            query = update(JobRow).where(
                JobRow.id == row.id, JobRow.state.in_((State.FAILED, State.CANCELLED))
            )
            return _changed(session.execute(query.values(**_anew(None, 0), finished_at=None)))

    def delete(self, id: int) -> bool:
        """One that is over."""
        query = delete(JobRow).where(JobRow.id == id, JobRow.state.in_(OVER))
        with self._database.begin() as session:
            return _changed(session.execute(query))

    def forget(self, before: float) -> None:
        """Delete what was over before that moment."""
        query = delete(JobRow).where(JobRow.state.in_(OVER), JobRow.finished_at < before)
        with self._database.begin() as session:
            session.execute(query)

    def _change(self, id: int, states: Sequence[State], **values: Any) -> bool:
        query = update(JobRow).where(JobRow.id == id, JobRow.state.in_(states)).values(**values)
        with self._database.begin() as session:
            return _changed(session.execute(query))


def _open_of(session: Any, by: str) -> int:
    query = select(func.count()).where(JobRow.by == by, JobRow.state.in_(OPEN))
    return int(session.scalar(query))


def _anew(error: str | None, attempts: int) -> dict[str, Any]:
    return {
        "state": State.QUEUED,
        "progress": 0.0,
        "seconds_left": None,
        "started_at": None,
        "error": error,
        "attempts": attempts,
    }


def _changed(result: Any) -> bool:
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)
