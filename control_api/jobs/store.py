"""Jobs in the database.

State changes are compare-and-set: each names the expected state, and of a running job also its
owner and attempt, and returns whether it applied.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Update, delete, func, select, update
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.database_clock import database_now, read_clock
from control_api.jobs.tables import JobRow


class State(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.QUEUED, State.RUNNING)
OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


Key = tuple[int, int]
"""A job's id and the number of an attempt at it."""


def key_of(attempt: JobRow) -> Key:
    return attempt.id, attempt.attempt_number


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

    def running(self) -> tuple[Sequence[JobRow], float]:
        """All that run, oldest first, and the database's time."""
        query = select(JobRow).where(JobRow.state == State.RUNNING).order_by(JobRow.id)
        with self._database.reading() as session:
            return session.scalars(query).all(), read_clock(session)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many there are, by kind and state."""
        query = select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state)
        with self._database.reading() as session:
            return {(kind, state): count for kind, state, count in session.execute(query)}

    def claim(self, owner: str, now: float, served: Callable[[str], int]) -> JobRow | None:
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
            row.owner, row.heartbeat_at = owner, read_clock(session)
            row.attempt_number += 1
            row.progress, row.seconds_left = 0.0, None
        return row

    def progress(self, attempt: JobRow, progress: float, seconds_left: float | None) -> bool:
        """Note how far it is, a sign of life as well; False: it was taken away."""
        values = {"progress": progress, "seconds_left": seconds_left}
        query = _of_attempt(attempt).values(heartbeat_at=database_now(), **values)
        with self._database.begin() as session:
            return _changed(session.execute(query))

    def beat(self, attempts: Collection[JobRow]) -> Mapping[Key, bool]:
        """Give a sign of life for each that is still its owner's: key -> whether to cancel it."""
        with self._database.begin() as session:
            return {key_of(each): bool(row[0]) for each in attempts for row in _beat(session, each)}

    @contextlib.contextmanager
    def held(self, attempt: JobRow) -> Iterator[tuple[Session, JobRow] | None]:
        """A transaction in which a job runs as this attempt of its owner, to be changed there.

        None: it was taken away, or is over. There is one writer at a time: what holds at the
        beginning holds until the end.
        """
        with self._database.begin() as session:
            row = session.get(JobRow, attempt.id)
            yield (session, row) if row is not None and _is_same(row, attempt) else None

    def cancel(self, id: int, now: float) -> bool:
        """From queued."""
        query = update(JobRow).where(JobRow.id == id, JobRow.state == State.QUEUED)
        with self._database.begin() as session:
            values = {"state": State.CANCELLED, "finished_at": now}
            return _changed(session.execute(query.values(**values)))

    def ask_to_cancel(self, id: int) -> bool:
        """Have the owner of a running one cancel it."""
        query = update(JobRow).where(JobRow.id == id, JobRow.state == State.RUNNING)
        with self._database.begin() as session:
            return _changed(session.execute(query.values(cancelling=True)))

    def retry(self, row: JobRow, most_open: int) -> bool | None:
        """From failed or cancelled; None if its caller has too many already."""
        with self._database.begin() as session:
            if _open_of(session, row.by) >= most_open:
                return None
            query = update(JobRow).where(
                JobRow.id == row.id, JobRow.state.in_((State.FAILED, State.CANCELLED))
            )
            return _changed(session.execute(query.values(**queued_again(None, 0))))

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


def queued_again(error: str | None, attempts: int) -> dict[str, Any]:
    """The values of a job that begins anew; `error` says why."""
    return {
        "state": State.QUEUED,
        "progress": 0.0,
        "seconds_left": None,
        "started_at": None,
        "finished_at": None,
        "error": error,
        "attempts": attempts,
        "cancelling": False,
    }


def _of_attempt(attempt: JobRow) -> Update:
    return update(JobRow).where(
        JobRow.id == attempt.id,
        JobRow.state == State.RUNNING,
        JobRow.owner == attempt.owner,
        JobRow.attempt_number == attempt.attempt_number,
    )


def _beat(session: Session, attempt: JobRow) -> Sequence[Any]:
    """A row with `cancelling`; none if it was taken away."""
    query = _of_attempt(attempt).values(heartbeat_at=database_now())
    return session.execute(query.returning(JobRow.cancelling)).all()


def _is_same(row: JobRow, attempt: JobRow) -> bool:
    is_same = (row.owner, row.attempt_number) == (attempt.owner, attempt.attempt_number)
    return is_same and row.state == State.RUNNING


def _open_of(session: Session, by: str) -> int:
    query = select(func.count()).where(JobRow.by == by, JobRow.state.in_(OPEN))
    return session.execute(query).scalar_one()


def _changed(result: Any) -> bool:
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)
