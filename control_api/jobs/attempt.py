"""One attempt at a job: whether it can begin, its process, its progress on the way."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import Clock
from control_api.jobs.kinds import Kind
from control_api.jobs.settling import attempt_params
from control_api.jobs.store import JobStore
from control_api.jobs.tables import JobRow
from control_api.jobs.worker import Ending, Why, Worker

logger = logging.getLogger(__name__)

_WRITE_SECONDS = 1.0
_KNOWN_FROM = 0.02
"""The share that must be done before the rest of the time is worked out."""
_RESERVE_BYTES = 64 << 20
"""What is left free for the database and whoever else writes there."""


class Attempt:
    def __init__(self, job: JobRow, kind: Kind | None, store: JobStore, clock: Clock) -> None:
        self._job = job
        self._kind = kind
        self._store = store
        self._clock = clock
        self._began = self._written = clock.monotonic()
        self._worker = Worker(kind, attempt_params(job), self._heard) if kind else None

    def end(self, why: Why) -> None:
        if self._worker is not None:
            self._worker.end(why)

    def run(self) -> Ending:
        """Blocks until it is over; does not raise."""
        if self._kind is None or self._worker is None:
            return Ending(error=f"this version knows no jobs of the kind {self._job.kind!r}")
        try:
            if missing := _missing(self._kind, self._job):
                return Ending(error=missing)
            return self._worker.run()
        except Exception as error:
            logger.exception("job %d cannot be begun", self._job.id)
            return Ending(error=f"it cannot be begun here ({type(error).__name__})")

    def _heard(self, progress: float, seconds_left: float | None) -> None:
        now = self._clock.monotonic()
        if now - self._written < _WRITE_SECONDS:
            return
        self._written = now
        if seconds_left is None and progress >= _KNOWN_FROM:
            seconds_left = (now - self._began) * (1 - progress) / progress
        try:
            if not self._store.progress(self._job, progress, seconds_left):
                self.end(Why.LOST)
        except SQLAlchemyError as error:
            # The work itself goes on.
            logger.warning("job %d: no progress written: %s", self._job.id, type(error).__name__)


def _missing(kind: Kind, job: JobRow) -> str | None:
    """A sentence if there is too little room."""
    if kind.needs is None or kind.folder is None:
        return None
    needed = kind.needs(job.params)
    # The job may have been asked for at another process, whose state has a folder of its own.
    output = job.params.get("output")
    folder = kind.folder if output is None else Path(output).parent
    free = max(0, shutil.disk_usage(folder).free - _RESERVE_BYTES)
    if needed <= free:
        return None
    return (
        f"it needs {needed / 1e6:,.1f} MB of disk and {free / 1e6:,.1f} MB are free "
        f"where {folder} is; make room and retry it"
    )
