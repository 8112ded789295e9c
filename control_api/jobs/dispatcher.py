"""Starts as many workers as there may be, oldest job first, in turn between callers; writes down
what becomes of each. Gives signs of life for its own jobs, and takes back those of processes that
give none."""

from __future__ import annotations

import copy
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from control_api.clock import Clock
from control_api.jobs.attempt import Attempt
from control_api.jobs.kinds import Kind
from control_api.jobs.liveness import Liveness, Pace
from control_api.jobs.settling import Settling
from control_api.jobs.store import OVER, JobStore, Key, State, key_of
from control_api.jobs.tables import JobRow
from control_api.jobs.worker import Ending, Why
from control_api.metrics.times import Times

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 5.0
_BOUNDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Of the histogram, seconds: from a short clip to a whole evening made anew."""


@dataclass(frozen=True, slots=True)
class Running:
    job: JobRow
    attempt: Attempt
    thread: threading.Thread


class Dispatcher:
    """`outcomes` counts the jobs that are over since the start, by kind and outcome.

    `owner` is the identity of this process; `has_ended` says of another one's that it certainly
    does not run any more.
    """

    def __init__(
        self,
        store: JobStore,
        kinds: Mapping[str, Kind],
        clock: Clock,
        *,
        workers: Callable[[], int],
        ended: Callable[[JobRow], object],
        owner: str,
        has_ended: Callable[[str | None], bool],
        pace: Pace,
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._clock = clock
        self._workers = workers
        self._ended = ended
        self._owner = owner
        self._has_ended = has_ended
        self._pace = pace
        self._liveness = Liveness(pace)
        self._settling = Settling(store, kinds, clock)
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = threading.Event()
        self._running: dict[Key, Running] = {}
        self._turns: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._took: dict[str, Times] = {}
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End all workers; their jobs go on after the next start."""
        self._stopping.set()
        self.wake()
        with self._changed:
            running = list(self._running.values())
        for each in running:
            each.attempt.end(Why.STOPPED)
        for thread in (self._thread, *(each.thread for each in running)):
            if thread.is_alive():
                thread.join(_STOP_SECONDS)

    def wake(self) -> None:
        """There may be something to begin."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def cancel(self, id: int) -> None:
        """End the worker of a job, if it has one here. Does not wait for its end."""
        with self._changed:
            running = [each for each in self._running.values() if each.job.id == id]
        for each in running:
            each.attempt.end(Why.CANCELLED)

    def took(self, kind: str) -> Times:
        """How long the jobs took that have succeeded since the start; a copy."""
        with self._changed:
            return copy.deepcopy(self._took.get(kind) or Times(_BOUNDS))

    def _run(self) -> None:
        self._insist(self._begin)
        beat_at = self._clock.monotonic()
        while not self._stopping.is_set():
            if self._clock.monotonic() >= beat_at:
                self._safely(self._beat)
                self._safely(self._take_back)
                beat_at = self._clock.monotonic() + self._pace.heartbeat_seconds
            self._safely(self._fill)
            with self._changed:
                self._changed.wait_for(lambda: self._woken, self._look_seconds)
                self._woken = False

    @property
    def _look_seconds(self) -> float:
        return min(_LOOK_SECONDS, self._pace.heartbeat_seconds)

    def _begin(self) -> None:
        """Take up what ended processes have left."""
        running, _ = self._store.running()
        for job in running:
            if self._has_ended(job.owner):
                self._settling.take_back(job, is_dead=True)
        self._settling.tidy()

    def _beat(self) -> None:
        """Give a sign of life for each job of ours; end those that are not ours any more."""
        with self._changed:
            running = list(self._running.values())
        if not running:
            return
        ours = self._store.beat([each.job for each in running])
        for each in running:
            is_cancelled = ours.get(key_of(each.job))
            if is_cancelled is None:
                each.attempt.end(Why.LOST)
            elif is_cancelled:
                each.attempt.end(Why.CANCELLED)

    def _take_back(self) -> None:
        running, database_now = self._store.running()
        with self._changed:
            own = {id for id, _ in self._running}
        now = self._clock.monotonic()
        for job in self._liveness.lost(running, own, database_now, now):
            self._settling.take_back(job, is_dead=False)

    def _fill(self) -> None:
        while self._begin_next():
            pass

    def _begin_next(self) -> bool:
        # One step for whoever wants to cancel it: either still queued, or with a worker.
        with self._changed:
            if self._stopping.is_set() or len(self._running) >= self._workers():
                return False
            job = self._store.claim(self._owner, self._clock.now(), self._turns.__getitem__)
            if job is None:
                return False
            self._turns[job.by] = max(self._turns.values(), default=0) + 1
            attempt = Attempt(job, self._kinds.get(job.kind), self._store, self._clock)
            thread = threading.Thread(
                target=self._work, args=(job, attempt), name=f"job {job.id}", daemon=True
            )
            self._running[key_of(job)] = Running(job, attempt, thread)
            thread.start()
        return True

    def _work(self, job: JobRow, attempt: Attempt) -> None:
        began = self._clock.monotonic()
        ending = attempt.run()
        self._insist(lambda: self._settle(job, ending, began))
        with self._changed:
            del self._running[key_of(job)]
        self.wake()

    def _settle(self, job: JobRow, ending: Ending, began: float) -> None:
        state = self._settling.settle(job, ending)
        row = self._store.get(job.id)
        if row is not None and state in OVER:
            self.outcomes[job.kind, str(state)] += 1
            if state is State.SUCCEEDED:
                self._count(job.kind, self._clock.monotonic() - began)
            self._safely(lambda: self._ended(row))

    def _count(self, kind: str, seconds: float) -> None:
        with self._changed:
            self._took.setdefault(kind, Times(_BOUNDS)).add(seconds)

    def _insist(self, work: Callable[[], object]) -> None:
        """Again and again until it is done: the database may be away, or its disk full."""
        while not self._safely(work) and not self._stopping.wait(_LOOK_SECONDS):
            pass

    def _safely(self, work: Callable[[], object]) -> bool:
        """The threads live on whatever the database does."""
        try:
            work()
        except Exception:
            logger.exception("jobs: what they came to cannot be written down")
            return False
        return True
