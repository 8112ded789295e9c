"""Which running jobs have lost their process, judged by their heartbeats."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from control_api.jobs.tables import JobRow

Sign = tuple[int, int, float | None]
"""A job, its attempt, and the last heartbeat of that."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A heartbeat comes every `heartbeat_seconds`; after `stale_seconds` without one it is old."""

    heartbeat_seconds: float = 5.0
    stale_seconds: float = 30.0


PACE = Pace()


class Liveness:
    """An old heartbeat counts only if it also stood still between looks: the database's clock may
    be set, or all processes may have slept with the machine."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._seen: dict[Sign, float] = {}

    def lost(
        self, running: Sequence[JobRow], own: Collection[int], database_now: float, now: float
    ) -> list[JobRow]:
        """Of all running jobs those without a process; `own` has the ids of this process's.

        `now` is monotonic.
        """
        others = [job for job in running if job.id not in own]
        self._seen = {_sign(job): self._seen.get(_sign(job), now) for job in others}
        return [job for job in others if self._is_lost(job, database_now, now)]

    def _is_lost(self, job: JobRow, database_now: float, now: float) -> bool:
        if job.heartbeat_at is None:
            # Of a version that gave none, and of which no process runs any more.
            return True
        is_old = abs(database_now - job.heartbeat_at) > self._pace.stale_seconds
        return is_old and now - self._seen[_sign(job)] >= 2 * self._pace.heartbeat_seconds


def _sign(job: JobRow) -> Sign:
    return job.id, job.attempt_number, job.heartbeat_at
