"""The queue: what may be done in which state, in which order, how much. Both databases."""

from __future__ import annotations

import threading
import time

import pytest

from control_api.database import Database
from control_api.errors import Conflict, NotFound, TooMany
from control_api.jobs.store import State
from tests.control_api.jobs.shop import Shop
from tests.running import eventually

DAY = 86_400.0


def test_a_job_runs_and_shows_its_result(shop: Shop) -> None:
    job = shop.done(shop.add("answer", "first"))
    assert (job.state, job.result, job.error) == (State.SUCCEEDED, {"answer": "first"}, None)
    assert job.progress == 1
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at
    assert shop.cleaned == []
    assert eventually(lambda: shop.jobs.outcomes()["work", "succeeded"]) == 1
    assert shop.jobs.outcomes()["work", "failed"] == 0
    assert shop.jobs.counts() == {("work", "succeeded"): 1}
    assert [each.id for each in eventually(lambda: shop.ended)] == [job.id]


def test_only_what_succeeds_is_timed(shop: Shop) -> None:
    began = time.monotonic()
    id = shop.add("sleep", "timed")
    eventually(shop.part("timed").exists)
    seen = time.monotonic()
    threading.Event().wait(0.3)
    worked = time.monotonic() - seen
    shop.let_go("timed")
    shop.done(id)
    shop.done(shop.add("refuse"))
    assert eventually(lambda: sum(shop.jobs.outcomes().values()) == 2)
    times = shop.jobs.took("work")
    assert times.buckets()[-1] == ("+Inf", 1)
    assert worked <= times.total <= time.monotonic() - began
    assert shop.jobs.took("short").buckets()[-1] == ("+Inf", 0)


def test_callers_take_turns_and_each_ones_oldest_comes_first(closed: Shop) -> None:
    order = [("anna", "a1"), ("anna", "a2"), ("anna", "a3"), ("ben", "b1"), ("ben", "b2")]
    ids = {name: closed.add("answer", name, by=by) for by, name in order}
    closed.jobs.start()
    for id in ids.values():
        closed.done(id)
    closed.jobs.stop()
    begun = sorted(ids, key=lambda name: closed.jobs.get(ids[name]).started_at or 0)
    assert begun == ["a1", "b1", "a2", "b2", "a3"]


def test_as_many_run_as_the_setting_says(shop: Shop) -> None:
    ids = [shop.add("sleep", name) for name in ("a", "b", "c")]
    shop.working("a")
    assert [shop.jobs.get(id).state for id in ids] == ["running", "queued", "queued"]
    shop.workers = 2
    shop.working("b")
    assert [shop.jobs.get(id).state for id in ids] == ["running", "running", "queued"]
    for name in ("a", "b", "c"):
        shop.let_go(name)
    assert {shop.done(id).state for id in ids} == {State.SUCCEEDED}


def test_a_caller_has_so_many_and_others_are_not_kept_out(closed: Shop) -> None:
    closed.most = 2
    first, _ = closed.add("answer"), closed.add("answer")
    with pytest.raises(TooMany, match="anna has 2 jobs"):
        closed.add("answer")
    closed.add("answer", by="ben")
    closed.jobs.cancel(first)
    third = closed.add("answer")
    with pytest.raises(TooMany):
        closed.jobs.retry(first)
    closed.jobs.cancel(third)
    assert closed.jobs.retry(first).state == State.QUEUED


def test_a_queued_job_is_cancelled_at_once_and_never_runs(closed: Shop) -> None:
    id = closed.add("answer", "never")
    assert closed.jobs.cancel(id).state == State.CANCELLED
    closed.jobs.start()
    closed.done(closed.add("answer", "other"))
    closed.jobs.stop()
    assert not (closed.folder / "never.pids").exists()


def test_a_job_that_is_over_cannot_be_cancelled(shop: Shop) -> None:
    id = shop.add("answer")
    shop.done(id)
    with pytest.raises(Conflict, match="is over: it has succeeded"):
        shop.jobs.cancel(id)
    refused = shop.add("refuse")
    shop.done(refused)
    with pytest.raises(Conflict, match="is over: it has failed"):
        shop.jobs.cancel(refused)
    with pytest.raises(NotFound):
        shop.jobs.cancel(id + 100)


def test_only_what_failed_or_was_cancelled_is_retried(shop: Shop) -> None:
    good, bad = shop.add("answer", "good"), shop.add("refuse", "bad")
    assert shop.done(bad).state == State.FAILED
    with pytest.raises(Conflict, match="is succeeded"):
        shop.jobs.retry(good)
    again = shop.jobs.retry(bad)
    assert (again.error, again.finished_at) == (None, None)
    assert shop.done(bad).error == "the end is before the start"
    assert eventually(lambda: shop.jobs.outcomes()[("work", "failed")] == 2)


def test_only_what_is_over_is_deleted_and_its_id_is_not_used_again(closed: Shop) -> None:
    id = closed.add("answer")
    with pytest.raises(Conflict, match="is queued; cancel it first"):
        closed.jobs.delete(id)
    closed.jobs.cancel(id)
    closed.jobs.delete(id)
    with pytest.raises(NotFound):
        closed.jobs.get(id)
    assert closed.add("answer") > id


def test_a_video_is_in_use_until_the_job_is_over(closed: Shop) -> None:
    id = closed.add("answer", video_id="one", also_reads=["two"])
    assert closed.jobs.in_use("one")
    assert closed.jobs.in_use("two")
    assert not closed.jobs.in_use("three")
    assert closed.jobs.busy() == "a job is not done (work, by anna)"
    closed.jobs.cancel(id)
    assert not closed.jobs.in_use("one")
    assert closed.jobs.busy() is None


def test_lists_are_by_state_kind_and_page(closed: Shop) -> None:
    ids = [closed.add("answer", kind=kind) for kind in ("work", "small", "work")]
    closed.jobs.cancel(ids[0])
    assert [job.id for job in closed.jobs.all()] == ids[::-1]
    assert [job.id for job in closed.jobs.all(State.QUEUED)] == [ids[2], ids[1]]
    assert [job.id for job in closed.jobs.all(kind="work")] == [ids[2], ids[0]]
    assert [job.id for job in closed.jobs.all(limit=1, before=ids[2])] == [ids[1]]


def test_what_is_over_is_forgotten_after_thirty_days(closed: Shop) -> None:
    old = closed.add("answer")
    closed.jobs.cancel(old)
    waiting = closed.add("answer")
    closed.clock.ahead = 29.9 * DAY
    closed.jobs.forget()
    assert len(closed.jobs.all()) == 2
    closed.clock.ahead = 30.1 * DAY
    closed.jobs.forget()
    assert [job.id for job in closed.jobs.all()] == [waiting]


def test_the_queue_is_kept_by_the_database(closed: Shop, database: Database) -> None:
    id = closed.add("answer", "kept")
    another = Shop(database, closed.folder)
    another.jobs.start()
    assert another.done(id).result == {"answer": "kept"}
    another.jobs.stop()
