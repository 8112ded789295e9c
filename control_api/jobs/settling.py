"""What becomes of a job when an attempt at it is over, or was broken off with the service."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import Clock
from control_api.jobs.kinds import Kind, Result
from control_api.jobs.store import JobStore, State
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

    def recover(self) -> None:
        """What was running when the service was killed is queued again, or given up."""
        for job in self._store.open():
            if job.state == State.RUNNING:
                self._clean(job)
                self._interrupted(job)
        for kind in self._kinds.values():
            self._tidy(kind)

    def settle(self, job: JobRow, ending: Ending) -> State:
        """Write down what it came to. Raises what the database raises; may be called again."""
        if ending.result is not None:
            ending = self._finished(job, ending.result)
        if ending.result is not None:
            return self._over(job, State.SUCCEEDED, result=dict(ending.result))
        self._clean(job)
        if ending.why is Why.STOPPED:
            # Not its fault: it does not count.
            self._store.requeue(job, None, job.attempts - 1)
            return State.QUEUED
        if ending.why is Why.CANCELLED:
            return self._over(job, State.CANCELLED, error=None)
        logger.warning("job %d (%s): %s: %r", job.id, job.kind, ending.error, ending.log)
        if ending.killed and job.attempts < _MOST_KILLED:
            self._store.requeue(job, f"{ending.error}; it is tried once more", job.attempts)
            return State.QUEUED
        return self._over(job, State.FAILED, error=ending.error)

    def _interrupted(self, job: JobRow) -> None:
        if job.attempts >= MOST_ATTEMPTS:
            self._over(job, State.FAILED, error=f"was interrupted {job.attempts} times")
            return
        logger.warning("job %d (%s) was interrupted and is queued again", job.id, job.kind)
        self._store.requeue(job, "was interrupted; it is tried once more", job.attempts)

    def _finished(self, job: JobRow, result: Result) -> Ending:
        kind = self._kinds.get(job.kind)
        if kind is None or kind.finish is None:
            return Ending(dict(result))
        try:
            return Ending(dict(kind.finish(job.params, result)))
        except SQLAlchemyError:
            # It is called again.
            raise
        except Exception as error:
            logger.exception("job %d (%s): what it made cannot be kept", job.id, job.kind)
            return Ending(error=f"what it made cannot be kept ({type(error).__name__})")

    def _over(
        self, job: JobRow, state: State, *, result: Result | None = None, error: str | None = None
    ) -> State:
        now = self._clock.now()
        progress = {"progress": 1.0} if state is State.SUCCEEDED else {}
        self._store.finish(job.id, state, now, result=result, error=error, **progress)
        return state

    def _tidy(self, kind: Kind) -> None:
        try:
            kind.tidy([job.params for job in self._store.open() if job.kind == kind.name])
        except SQLAlchemyError:
            # It is called again.
            raise
        except Exception:
            logger.exception("jobs (%s): what was left over cannot be looked at", kind.name)

    def _clean(self, job: JobRow) -> None:
        kind = self._kinds.get(job.kind)
        try:
            if kind is not None:
                kind.clean(job.params)
        except Exception:
            logger.exception("job %d (%s): what it left cannot be taken away", job.id, job.kind)
