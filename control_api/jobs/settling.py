"""What becomes of a job when an attempt at it is over, or its process has ended.

Every change is made inside `JobStore.held`: an attempt that was taken away changes nothing, and
only its own files are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from control_api.clock import Clock
from control_api.jobs.kinds import Kind, Params, Result
from control_api.jobs.store import OVER, JobStore, State, queued_again
from control_api.jobs.tables import JobRow
from control_api.jobs.worker import Ending, Why

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
_MOST_KILLED = 2


class Settling:
    def __init__(self, store: JobStore, kinds: Mapping[str, Kind], clock: Clock) -> None:
        self._store = store
        self._kinds = kinds
        self._clock = clock

    def settle(self, job: JobRow, ending: Ending) -> State | None:
        """Write down what an attempt came to; None: it was taken away meanwhile.

        Raises what the database raises; may be called again.
        """
        if ending.result is None:
            self._clean(job)
        state = self._written(job, ending)
        if state is None:
            logger.warning(
                "job %d (%s): attempt %d was given to another process; what it made is not used",
                *(job.id, job.kind, job.attempt_number),
            )
        if ending.result is not None and state is not State.SUCCEEDED:
            self._clean(job)
        if state in OVER:
            self._clean_older(job)
        return state

    def _written(self, job: JobRow, ending: Ending) -> State | None:
        with self._store.held(job) as held:
            if held is None:
                return None
            session, row = held
            values = self._outcome(session, row, ending)
            _set(row, values)
        return State(values["state"])

    def take_back(self, job: JobRow, *, is_dead: bool) -> None:
        """Queue a running job again, or give it up, unless its process shows itself meanwhile.

        `is_dead`: its process certainly does not run, so its files can go at once.
        """
        with self._store.held(job) as held:
            if held is None or held[1].heartbeat_at != job.heartbeat_at:
                return
            self._withdraw(held[1])
            values = self._interrupted(held[1])
            _set(held[1], values)
        if is_dead or values["state"] in OVER:
            self._clean(job)
        if values["state"] in OVER:
            self._clean_older(job)

    def tidy(self) -> None:
        """Remove files that belong to no job. Raises what the database raises."""
        for kind in self._kinds.values():
            try:
                kind.tidy(lambda name=kind.name: self._open_params(name))  # type: ignore[misc]
            except SQLAlchemyError:
                # It is called again.
                raise
            except Exception:
                logger.exception("jobs (%s): what was left over cannot be looked at", kind.name)

    def _outcome(self, session: Session, job: JobRow, ending: Ending) -> dict[str, Any]:
        """The values that the job gets."""
        if ending.result is not None:
            ending = self._finished(session, job, ending.result)
        if ending.result is not None:
            return self._over(State.SUCCEEDED, result=dict(ending.result), progress=1.0)
        if ending.why is Why.CANCELLED or job.cancelling:
            return self._over(State.CANCELLED)
        if ending.why in (Why.STOPPED, Why.LOST):
            # Not its fault: it does not count.
            return queued_again(None, job.attempts - 1)
        logger.warning("job %d (%s): %s: %r", job.id, job.kind, ending.error, ending.log)
        if ending.killed and job.attempts < _MOST_KILLED:
            return queued_again(f"{ending.error}; it is tried once more", job.attempts)
        return self._over(State.FAILED, error=ending.error)

    def _interrupted(self, job: JobRow) -> dict[str, Any]:
        if job.cancelling:
            return self._over(State.CANCELLED)
        if job.attempts >= MOST_ATTEMPTS:
            return self._over(State.FAILED, error=f"was interrupted {job.attempts} times")
        logger.warning("job %d (%s) was interrupted and is queued again", job.id, job.kind)
        return queued_again("was interrupted; it is tried once more", job.attempts)

    def _finished(self, session: Session, job: JobRow, result: Result) -> Ending:
        kind = self._kinds.get(job.kind)
        if kind is None or kind.finish is None:
            return Ending(dict(result))
        try:
            return Ending(dict(kind.finish(attempt_params(job), result, session)))
        except SQLAlchemyError:
            # It is called again.
            raise
        except Exception as error:
            logger.exception("job %d (%s): what it made cannot be kept", job.id, job.kind)
            self._withdraw(job)
            return Ending(error=f"what it made cannot be kept ({type(error).__name__})")

    def _over(self, state: State, **values: Any) -> dict[str, Any]:
        plain = {"result": None, "error": None, "seconds_left": None}
        return {**plain, "state": state, "finished_at": self._clock.now(), **values}

    def _open_params(self, kind: str) -> list[Params]:
        return [attempt_params(job) for job in self._store.open() if job.kind == kind]

    def _withdraw(self, job: JobRow) -> None:
        kind = self._kinds.get(job.kind)
        try:
            if kind is not None:
                kind.withdraw(attempt_params(job))
        except Exception:
            logger.exception("job %d (%s): its result cannot be taken away", job.id, job.kind)

    def _clean_older(self, job: JobRow) -> None:
        """The job is over: what earlier attempts have left is of no use."""
        for number in range(1, job.attempt_number):
            self._clean(job, number)

    def _clean(self, job: JobRow, number: int | None = None) -> None:
        kind = self._kinds.get(job.kind)
        try:
            if kind is not None:
                kind.clean(attempt_params(job, number))
        except Exception:
            logger.exception("job %d (%s): what it left cannot be taken away", job.id, job.kind)


def attempt_params(job: JobRow, number: int | None = None) -> dict[str, Any]:
    """The job's parameters with the number of an attempt; by default the last one's."""
    return {**job.params, "attempt": job.attempt_number if number is None else number}


def _set(row: JobRow, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
