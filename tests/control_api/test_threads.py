"""Threads for calls that may hang."""

from __future__ import annotations

import threading

import pytest

from control_api.threads import BoundedCalls, Threads, Worker
from tests.running import eventually

HANG_SECONDS = 60


def test_as_many_calls_at_once_as_there_are_threads() -> None:
    threads, release, running = Threads("test", 3), threading.Event(), list[int]()

    def call(number: int) -> int:
        running.append(number)
        release.wait(HANG_SECONDS)
        return number

    futures = [threads.submit(lambda n=number: call(n)) for number in range(5)]
    eventually(lambda: len(running) == 3)
    release.set()
    assert [future.result(HANG_SECONDS) for future in futures] == [0, 1, 2, 3, 4]


def test_what_a_call_raises_is_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        BoundedCalls("test", 1).call(fail, HANG_SECONDS)


def test_hanging_calls_are_given_up_and_later_ones_find_out_when_it_is_over() -> None:
    calls, release, made = BoundedCalls("test", 2), threading.Event(), list[int]()

    def hang() -> None:
        made.append(1)
        release.wait(HANG_SECONDS)

    assert calls.call(lambda: 1, HANG_SECONDS) == 1

    def give_up() -> int:
        with pytest.raises(TimeoutError):
            calls.call(hang, 0.05)
        return len(made)

    eventually(lambda: give_up() == 2)
    assert [give_up() for _ in range(10)] == [2] * 10
    release.set()
    eventually(lambda: answers(calls))


def answers(calls: BoundedCalls) -> bool:
    try:
        return calls.call(lambda: True, HANG_SECONDS)
    except TimeoutError:
        return False


def test_one_call_that_hangs_for_ever_does_not_keep_others_from_being_made() -> None:
    calls, release = BoundedCalls("test", 2), threading.Event()
    with pytest.raises(TimeoutError):
        calls.call(lambda: release.wait(HANG_SECONDS), 0.05)
    eventually(lambda: answers_soon(calls))
    assert calls.call(lambda: 1, HANG_SECONDS) == 1
    release.set()


def answers_soon(calls: BoundedCalls) -> bool:
    try:
        return calls.call(lambda: True, 0.05)
    except TimeoutError:
        return False


def test_a_worker_does_all_there_is_and_again_when_it_is_woken() -> None:
    work, done = [3, 2, 1], list[int]()

    def step() -> bool:
        if work:
            done.append(work.pop())
        return bool(work)

    worker = Worker("test", step)
    worker.wake()
    worker.rest(HANG_SECONDS)
    assert done == [1, 2, 3]
    work.append(4)
    worker.wake()
    worker.rest(HANG_SECONDS)
    assert done == [1, 2, 3, 4]


def test_a_step_that_fails_is_logged_and_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    outcomes = [True, False]

    def step() -> bool:
        if not outcomes.pop():
            raise RuntimeError
        return False

    worker = Worker("test", step)
    for _ in range(2):
        worker.wake()
        worker.rest(HANG_SECONDS)
    assert outcomes == []
    assert "mistake in Leitstand" in caplog.text
