"""kill -9 of the service, of a worker with it, and its orderly end. Both databases."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from control_api.database import Database
from control_api.jobs.store import State
from tests.control_api.jobs.shop import Shop, alive
from tests.running import Process, eventually, process


def service(database: Database, folder: Path, *options: str) -> list[str]:
    url = database.url.render_as_string(hide_password=False)
    return [sys.executable, "-m", "tests.control_api.jobs.shop", url, str(folder), *options]


def kill(running: Process) -> None:
    running.send(signal.SIGKILL)
    running.wait()


@pytest.mark.parametrize("also_the_worker", [False, True], ids=["service", "both"])
def test_a_killed_service_takes_its_workers_along_and_the_job_runs_again(
    closed: Shop, database: Database, also_the_worker: bool
) -> None:
    id = closed.add("sleep")
    with process(service(database, closed.folder, "alone")) as running:
        closed.working("a")
        pids, grandchild = closed.pids("a"), closed.grandchild("a")
        if also_the_worker:
            running.send(signal.SIGSTOP)
            os.kill(pids[0], signal.SIGKILL)
        kill(running)
    eventually(lambda: not [pid for pid in pids if alive(pid)], within=10)
    if also_the_worker:
        # Nobody is left to end what the worker had started: systemd or the container does.
        with contextlib.suppress(ProcessLookupError):
            os.kill(grandchild, signal.SIGKILL)
    eventually(lambda: not alive(grandchild), within=10)
    assert closed.jobs.get(id).state == State.RUNNING
    assert closed.part("a").exists()
    closed.let_go("a")
    closed.jobs.start()
    job = closed.done(id)
    closed.jobs.stop()
    assert set(closed.cleaned) == {"a 1"}
    assert (job.state, job.attempts, job.error) == (State.SUCCEEDED, 2, None)


def test_a_worker_whose_guardian_is_killed_with_the_service_ends_too(
    closed: Shop, database: Database
) -> None:
    closed.add("sleep")
    with process(service(database, closed.folder, "alone")) as running:
        closed.working("a")
        worker, guardian = closed.pids("a")
        running.send(signal.SIGSTOP)
        os.kill(guardian, signal.SIGKILL)
        kill(running)
    eventually(lambda: not alive(worker), within=3)
    # What it had started is nobody's then.
    os.kill(closed.grandchild("a"), signal.SIGKILL)


def test_a_job_that_is_interrupted_three_times_has_failed(closed: Shop, database: Database) -> None:
    id = closed.add("sleep")
    for attempt in (1, 2, 3):
        with process(service(database, closed.folder, "alone")) as running:
            eventually(lambda n=attempt: closed.jobs.get(id).attempts == n)
            closed.working("a", attempt)
            kill(running)
    closed.jobs.start()
    job = closed.done(id)
    closed.jobs.stop()
    assert (job.state, job.error) == (State.FAILED, "was interrupted 3 times")
    assert not [*closed.folder.glob("*.part")]


def test_an_orderly_end_ends_workers_and_does_not_count(closed: Shop, database: Database) -> None:
    id = closed.add("sleep")
    closed.jobs.start()
    closed.working("a")
    pids = [*closed.pids("a"), closed.grandchild("a")]
    closed.jobs.stop()
    job = closed.jobs.get(id)
    assert (job.state, job.attempts) == (State.QUEUED, 0)
    assert not [pid for pid in pids if alive(pid)]
    assert not closed.part("a").exists()
    closed.let_go("a")
    another = Shop(database, closed.folder)
    another.jobs.start()
    assert another.done(id).state == State.SUCCEEDED
    another.jobs.stop()


def test_killed_at_random_moments_every_job_comes_to_its_end(
    closed: Shop, database: Database
) -> None:
    ids = [closed.add("answer", f"job {n}") for n in range(12)]
    chance = random.Random(5)
    for _ in range(6):
        with process(service(database, closed.folder, "alone")) as running:
            running.find("(started)")
            time.sleep(chance.uniform(0, 0.6))
            kill(running)
    closed.jobs.start()
    jobs = [closed.done(id) for id in ids]
    closed.jobs.stop()
    for job in jobs:
        wanted = job.result == {"answer": job.params["name"]}
        assert wanted or job.error == "was interrupted 3 times"
