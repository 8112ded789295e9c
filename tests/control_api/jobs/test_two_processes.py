"""Two processes at one queue: a job is done once, and taken only from a process that is gone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.database import Database
from control_api.jobs.liveness import Liveness, Pace
from control_api.jobs.settling import Settling
from control_api.jobs.store import JobStore, State
from control_api.jobs.tables import JobRow
from tests.control_api.jobs.shop import PACE, Shop, alive
from tests.control_api.jobs.test_kill import kill, service
from tests.running import Process, eventually, process

GONE = 2 * PACE.stale_seconds + 4 * PACE.heartbeat_seconds


@pytest.fixture
def other(database: Database, tmp_path: Path) -> Iterator[Shop]:
    """This process; it cannot know whether another one has ended."""
    shop = Shop(database, tmp_path, is_alone=False)
    yield shop
    shop.jobs.stop()


@pytest.fixture
def first(database: Database, other: Shop) -> Iterator[Process]:
    """The other process, in the middle of the job `a`."""
    other.add("sleep")
    with process(service(database, other.folder)) as running:
        other.working("a")
        yield running


def job(shop: Shop) -> JobRow:
    (row,) = shop.jobs.all()
    return row


def test_a_living_process_keeps_its_job(first: Process, other: Shop) -> None:
    other.jobs.start()
    assert not threading.Event().wait(GONE)
    assert (job(other).state, job(other).attempts) == (State.RUNNING, 1)
    other.let_go("a")
    assert other.done(job(other).id).result == {"slept": True, "attempt": 1}
    assert len((other.folder / "a.pids").read_text().splitlines()) == 1


def test_the_job_of_a_killed_process_is_taken_over(first: Process, other: Shop) -> None:
    other.jobs.start()
    kill(first)
    other.working("a", 2)
    other.let_go("a")
    done = other.done(job(other).id)
    assert (done.state, done.attempts, done.error) == (State.SUCCEEDED, 2, None)
    assert not [*other.folder.glob("*.part")]


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "at work"])
def test_a_stopped_process_that_comes_back_ends_its_work_and_leaves_the_result(
    first: Process, other: Shop, is_done: bool
) -> None:
    pids = other.pids("a")
    first.send(signal.SIGSTOP)
    if not is_done:
        os.kill(pids[0], signal.SIGSTOP)
    other.jobs.start()
    other.working("a", 2)
    assert other.part("a", 1).exists()
    if is_done:
        # Both go on; the stopped process does not hear its worker yet.
        other.let_go("a")
        eventually(lambda: not alive(pids[0]))
        other.done(job(other).id)
    first.send(signal.SIGCONT)
    eventually(lambda: not [pid for pid in pids if alive(pid)])
    first.find("attempt 1 was given to (another process)")
    assert not other.part("a", 1).exists()
    if not is_done:
        assert other.part("a", 2).exists()
        other.let_go("a")
    done = other.done(job(other).id)
    assert (done.state, done.attempts) == (State.SUCCEEDED, 2)
    assert done.result == {"slept": True, "attempt": 2}
    assert other.made("a").exists()


def test_a_job_of_another_process_is_cancelled_there(first: Process, other: Shop) -> None:
    pids = [*other.pids("a"), other.grandchild("a")]
    other.jobs.cancel(job(other).id)
    done = other.done(job(other).id)
    assert (done.state, done.error) == (State.CANCELLED, None)
    eventually(lambda: not [pid for pid in pids if alive(pid)])
    assert not other.part("a").exists()
    # It can be asked for again.
    other.jobs.retry(done.id)
    other.let_go("a")
    assert other.done(done.id).result == {"slept": True, "attempt": 2}


def test_a_job_whose_process_died_before_it_was_cancelled_is_cancelled(
    first: Process, other: Shop
) -> None:
    first.send(signal.SIGSTOP)
    other.jobs.cancel(job(other).id)
    kill(first)
    other.jobs.start()
    done = other.done(job(other).id)
    assert (done.state, done.attempts) == (State.CANCELLED, 1)


def test_only_owner_and_attempt_change_a_running_job(database: Database, other: Shop) -> None:
    store = JobStore(database)
    id = other.add("answer")
    mine = store.claim("me", 1.0, lambda _: 0)
    assert mine is not None
    assert store.progress(mine, 0.5, None)
    assert store.beat([mine]) == {(id, 1): False}
    for owner, number in (("another", 1), ("me", 2), ("me", 0)):
        wrong = JobRow(id=id, owner=owner, attempt_number=number)
        assert not store.progress(wrong, 0.9, None)
        assert store.beat([wrong]) == {}
        with store.held(wrong) as held:
            assert held is None
    assert other.jobs.get(id).progress == 0.5
    with store.held(mine) as held:
        assert held is not None
        held[1].state = State.FAILED
    # What is over does not run as anybody's.
    assert not store.progress(mine, 0.9, None)
    assert store.beat([mine]) == {}
    with store.held(mine) as held:
        assert held is None


def test_a_sign_of_life_at_the_last_moment_keeps_the_job(database: Database, other: Shop) -> None:
    store = JobStore(database)
    id = other.add("answer")
    claimed = store.claim("me", 1.0, lambda _: 0)
    assert claimed is not None
    (seen,), _ = store.running()
    eventually(
        lambda: store.beat([claimed]) and store.running()[0][0].heartbeat_at != seen.heartbeat_at
    )
    settling = Settling(store, other.kinds(), other.clock)
    settling.take_back(seen, is_dead=False)
    assert other.jobs.get(id).state == State.RUNNING
    (seen,), _ = store.running()
    settling.take_back(seen, is_dead=False)
    assert other.jobs.get(id).state == State.QUEUED


def test_the_number_of_an_attempt_is_never_used_again(database: Database, other: Shop) -> None:
    """Though `attempts` starts again with a retry."""
    id = other.add("refuse")
    other.jobs.start()
    other.done(id)
    other.jobs.retry(id)
    other.done(id)
    row = other.jobs.get(id)
    assert (row.attempts, row.attempt_number) == (1, 2)


RUNNING = JobRow(id=1, attempt_number=1, owner="other", heartbeat_at=1000.0)
BEAT = Pace(5.0, 30.0)


def lost(liveness: Liveness, heartbeat: float | None, database_now: float, now: float) -> bool:
    row = JobRow(id=1, attempt_number=1, owner="other", heartbeat_at=heartbeat)
    return bool(liveness.lost([row], (), database_now, now))


def test_an_old_heartbeat_counts_when_it_stands_still() -> None:
    liveness, first_look = Liveness(BEAT), 100.0
    assert not lost(liveness, 1000.0, 1031.0, first_look)
    assert not lost(liveness, 1000.0, 1036.0, first_look + 5)
    assert lost(liveness, 1000.0, 1041.0, first_look + 10)
    assert not liveness.lost([RUNNING], (1,), 1041.0, first_look + 10)
    assert lost(liveness, None, 1041.0, first_look + 10)


def test_a_young_heartbeat_never_counts() -> None:
    liveness = Liveness(BEAT)
    assert not lost(liveness, 1000.0, 1000.0, 0.0)
    assert not lost(liveness, 1000.0, 1029.0, 29.0)
    assert lost(liveness, 1000.0, 1031.0, 31.0)


@pytest.mark.parametrize("jump", [7200.0, -7200.0])
def test_a_clock_that_is_set_makes_no_heartbeat_old(jump: float) -> None:
    liveness = Liveness(BEAT)
    assert not lost(liveness, 1000.0, 1004.0, 0.0)
    assert not lost(liveness, 1000.0, 1009.0 + jump, 5.0)
    # The next one comes, by the clock as it is now.
    assert not lost(liveness, 1010.0 + jump, 1014.0 + jump, 10.0)
    # Also of a process that died before the clock was set back.
    assert not lost(liveness, 1010.0 + jump, 1019.0, 15.0)
    assert lost(liveness, 1010.0 + jump, 1024.0, 20.0)
