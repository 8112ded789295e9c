"""What a worker does, and what is done with it: real processes."""

from __future__ import annotations

import os
import signal
import time

import pytest

from control_api.database import Database
from control_api.jobs.store import State
from tests.control_api.jobs.shop import Shop, alive
from tests.running import eventually


@pytest.fixture(params=["sqlite"])
def database(database: Database) -> Database:
    """Nothing here is the database's matter."""
    return database


def test_progress_and_time_left_arrive(shop: Shop) -> None:
    id = shop.add("progress")
    seen = set()
    while (job := shop.jobs.get(id)).state in ("queued", "running"):
        seen.add((job.progress, job.seconds_left))
        time.sleep(0.02)
    told = [each for each in seen if each[0] > 0]
    # Four seconds, at most one written a second.
    assert 2 <= len(told) <= 5
    assert all(left == pytest.approx((1 - done) * 4, abs=0.01) for done, left in told)
    assert (job.result, job.seconds_left) == ({"steps": 40}, None)


def test_what_a_library_prints_is_no_answer(shop: Shop) -> None:
    assert shop.done(shop.add("vanish")).result is None


def test_a_flood_of_progress_is_no_flood_of_writes(shop: Shop) -> None:
    began = time.monotonic()
    assert shop.done(shop.add("flood")).state == State.SUCCEEDED
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("do", "error"),
    [
        ("refuse", "the end is before the start"),
        ("break", "it failed unexpectedly (KeyError); the log has more"),
        ("full", "the disk is full; make room and retry it"),
        ("eat", "it needed more memory than a job of its kind may use"),
        ("crash", "its worker crashed (SIGSEGV)"),
        ("vanish", "its worker ended without a result (7)"),
    ],
)
def test_a_failure_says_why(
    shop: Shop, caplog: pytest.LogCaptureFixture, do: str, error: str
) -> None:
    job = shop.done(shop.add(do))
    assert (job.state, job.error, job.result, job.attempts) == (State.FAILED, error, None, 1)
    assert shop.cleaned == ["a 1"]
    assert error in caplog.text
    assert ("/secret/path" in caplog.text) == (do == "break")


@pytest.mark.parametrize(
    ("kind", "do", "error"),
    [
        ("short", "loop", "it took longer than the 1 s that it may take"),
        ("short", "stubborn", "it took longer than the 1 s that it may take"),
        ("missing", "answer", "it failed unexpectedly (ModuleNotFoundError); the log has more"),
        ("nowhere", "answer", "it cannot be begun here (FileNotFoundError)"),
        ("lost", "answer", "what it made cannot be kept (OSError)"),
    ],
)
def test_limits_and_places_of_a_kind(shop: Shop, kind: str, do: str, error: str) -> None:
    assert shop.done(shop.add(do, kind=kind)).error == error


def test_a_job_without_room_fails_before_it_begins(shop: Shop) -> None:
    job = shop.done(shop.add("answer", "big", kind="huge"))
    assert job.error is not None
    assert job.error.startswith("it needs 1,152,921,504,606.8 MB of disk and ")
    assert not (shop.folder / "big.pids").exists()
    assert shop.done(shop.add("answer", "small", kind="small")).state == State.SUCCEEDED


def test_what_the_service_makes_of_a_result_is_shown(shop: Shop) -> None:
    assert shop.done(shop.add("answer", kind="shown")).result == {"shown": True}


def test_a_running_job_is_cancelled_with_all_that_it_started(shop: Shop) -> None:
    id = shop.add("sleep")
    shop.working("a")
    pids = [*shop.pids("a"), shop.grandchild("a")]
    shop.jobs.cancel(id)
    job = shop.done(id, within=2)
    assert (job.state, job.error) == (State.CANCELLED, None)
    assert not [pid for pid in pids if alive(pid)]
    assert not shop.part("a").exists()
    shop.jobs.retry(id)
    shop.let_go("a")
    assert shop.done(id).result == {"slept": True, "attempt": 2}


def test_a_worker_that_does_not_listen_is_killed(shop: Shop) -> None:
    id = shop.add("stubborn")
    pids = shop.pids("a")
    time.sleep(0.3)
    shop.jobs.cancel(id)
    began = time.monotonic()
    assert shop.done(id).state == State.CANCELLED
    assert 2 < time.monotonic() - began < 5
    assert not [pid for pid in pids if alive(pid)]


@pytest.mark.parametrize("which", [0, 1], ids=["worker", "guardian"])
def test_a_killed_worker_is_tried_once_more_and_says_so(shop: Shop, which: int) -> None:
    id = shop.add("sleep")
    shop.working("a")
    first = [*shop.pids("a"), shop.grandchild("a")]
    os.kill(first[which], signal.SIGKILL)
    job = eventually(lambda: (job := shop.jobs.get(id)).attempts == 2 and job)
    assert job
    assert job.error is not None
    assert job.error.endswith("killed from outside, or for want of memory; it is tried once more")
    assert shop.cleaned == ["a 1"]
    assert not [pid for pid in first if alive(pid)]
    shop.let_go("a")
    job = shop.done(id)
    assert (job.state, job.error) == (State.SUCCEEDED, None)


def test_a_worker_that_is_killed_twice_has_failed(shop: Shop) -> None:
    job = shop.done(shop.add("die"))
    assert (job.state, job.attempts) == (State.FAILED, 2)
    assert job.error == "its worker was killed from outside, or for want of memory"


def test_a_worker_is_nice_apart_and_has_no_secrets(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEITSTAND_ADMIN_TOKEN", "lst_secret")
    result = shop.done(shop.add("environment")).result
    assert result is not None
    assert not [name for name in result["names"] if name.startswith("LEITSTAND")]
    assert result["nice"] == min(19, os.nice(0) + 10)
    assert result["session"] == shop.pids("a")[1]
