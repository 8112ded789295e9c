"""Decides what may be done with a job, and gives other rooms what they need of the queue."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, tzinfo

from control_api.clock import Clock
from control_api.errors import Conflict, NotFound, TooMany
from control_api.jobs.dispatcher import Dispatcher
from control_api.jobs.kinds import Kind, Params
from control_api.jobs.liveness import PACE, Pace
from control_api.jobs.store import OPEN, JobStore, State
from control_api.jobs.tables import JobRow
from control_api.metrics.times import Times
from control_api.timer import Timer

_KEEP_SECONDS = 30 * 86_400.0
_FORGET_SECONDS = 3600.0
_TRY_AGAIN_SECONDS = 30.0
_OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

Job = JobRow


class JobService:
    """`kinds` may be filled until `start`. `ended` is called, from threads of the jobs' own, with
    each job that is over. `owner` is the identity of this process; `has_ended` says of another
    one's that it certainly does not run any more."""

    def __init__(
        self,
        store: JobStore,
        kinds: Mapping[str, Kind],
        clock: Clock,
        *,
        workers: Callable[[], int],
        most_queued: Callable[[], int],
        zone: tzinfo = UTC,
        ended: Callable[[Job], object] = lambda _: None,
        owner: str = "",
        has_ended: Callable[[str | None], bool] = lambda _: False,
        pace: Pace = PACE,
    ) -> None:
        self.zone = zone
        self._store = store
        self._kinds = kinds
        self._clock = clock
        self._most_queued = most_queued
        self._dispatcher = Dispatcher(
            store,
            kinds,
            clock,
            workers=workers,
            ended=ended,
            owner=owner or secrets.token_hex(8),
            has_ended=has_ended,
            pace=pace,
        )

    def begin(self, timer: Timer) -> None:
        timer.every(_FORGET_SECONDS, "forget jobs", self.forget, in_one=True)

    def start(self) -> None:
        """Takes up what was begun by processes that have ended."""
        self._dispatcher.start()

    def stop(self) -> None:
        self._dispatcher.stop()

    def add(
        self,
        kind: str,
        params: Params,
        by: str,
        video_id: str | None = None,
        *,
        also_reads: Collection[str] = (),
    ) -> Job:
        """Queue one; `also_reads` are ids of further videos. Raises TooMany."""
        assert kind in self._kinds, kind
        reads = [*filter(None, [video_id]), *also_reads]
        row = JobRow(
            kind=kind,
            params=dict(params),
            state=State.QUEUED,
            progress=0.0,
            seconds_left=None,
            result=None,
            error=None,
            by=by,
            created_at=self._clock.now(),
            started_at=None,
            finished_at=None,
            attempts=0,
            video_id=video_id,
            reads=reads,
            owner=None,
            heartbeat_at=None,
            attempt_number=0,
            cancelling=False,
        )
        most = self._most_queued()
        kept = self._store.add(row, most)
        if kept is None:
            raise _too_many(by, most)
        self._dispatcher.wake()
        return kept

    def get(self, id: int) -> Job:
        """Raises NotFound."""
        if row := self._store.get(id):
            return row
        raise NotFound(f"there is no job {id}; GET /api/jobs lists them")

    def all(
        self,
        state: State | None = None,
        kind: str | None = None,
        *,
        video_id: str | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> Sequence[Job]:
        """Newest first; `video_id` is the first video that they read."""
        equal = {"state": state, "kind": kind, "video_id": video_id}
        wanted = {key: value for key, value in equal.items() if value is not None}
        return self._store.newest(limit, before, **wanted)

    def cancel(self, id: int) -> Job:
        """At once where it is queued; a running one ends within seconds. Raises Conflict."""
        self._still_open(id)
        # One that another process runs is ended there, at its next heartbeat.
        if not self._store.cancel(id, self._clock.now()) and not self._store.ask_to_cancel(id):
            self._still_open(id)
            raise Conflict(f"job {id} changes its state at this moment; try again")
        self._dispatcher.cancel(id)
        return self.get(id)

    def retry(self, id: int) -> Job:
        """Queue again what failed or was cancelled. Raises Conflict, TooMany."""
        job, most = self.get(id), self._most_queued()
        if job.state not in (State.FAILED, State.CANCELLED):
            raise Conflict(f"job {id} is {job.state}; only a failed or cancelled one is retried")
        done = self._store.retry(job, most)
        if done is None:
            raise _too_many(job.by, most)
        if not done:
            raise Conflict(f"job {id} changes its state at this moment; try again")
        self._dispatcher.wake()
        return self.get(id)

    def delete(self, id: int) -> None:
        """Forget one that is over; what it made stays. Raises Conflict."""
        job = self.get(id)
        if not self._store.delete(id):
            raise Conflict(f"job {id} is {job.state}; cancel it first")

    def _still_open(self, id: int) -> None:
        job = self.get(id)
        if job.state not in OPEN:
            raise Conflict(f"job {id} is over: it has {_ended_how(job)}")

    def in_use(self, video_id: str) -> bool:
        """Whether a job that is not over reads this video."""
        return any(video_id in job.reads for job in self._store.open())

    def busy(self) -> str | None:
        """Why the machine must not be shut down now."""
        jobs = self._store.open()
        if not jobs:
            return None
        if len(jobs) == 1:
            return f"a job is not done ({jobs[0].kind}, by {jobs[0].by})"
        return f"{len(jobs)} jobs are not done"

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many jobs there are, by kind and state."""
        return self._store.counts()

    def outcomes(self) -> Mapping[tuple[str, str], int]:
        """How many are over since the start, by kind and outcome; only grows."""
        # A first failure is an increase only over a series that was there before it.
        none = {(kind, str(state)): 0 for kind in self._kinds for state in _OVER}
        return none | self._dispatcher.outcomes

    def took(self, kind: str) -> Times:
        """How long those took that have succeeded since the start, from the start of the work."""
        return self._dispatcher.took(kind)

    def forget(self) -> None:
        """Delete what has been over for 30 days."""
        self._store.forget(self._clock.now() - _KEEP_SECONDS)


def _too_many(by: str, most: int) -> TooMany:
    return TooMany(
        f"{by} has {most} jobs that are not done, and more are not allowed; "
        "wait until one is done, or cancel one",
        _TRY_AGAIN_SECONDS,
    )


def _ended_how(job: Job) -> str:
    return "been cancelled" if job.state == State.CANCELLED else str(job.state)
