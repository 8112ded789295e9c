"""Calls that may hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from leitstand.calls import Call


def ask(call: Call[int], seconds: float) -> int | None:
    call.start()
    return call.answer(time.monotonic() + seconds)


def test_each_start_calls_anew() -> None:
    numbers = iter(range(10))
    call = Call("numbers", lambda: next(numbers))
    assert [ask(call, 5), ask(call, 5)] == [0, 1]


def test_a_call_that_was_never_started_has_no_answer() -> None:
    assert Call("never", lambda: 1).answer(time.monotonic() + 5) is None


@pytest.mark.parametrize("error", [FileNotFoundError, TimeoutError])
def test_an_oserror_is_no_answer(error: type[OSError]) -> None:
    def fail() -> int:
        raise error

    assert ask(Call("fails", fail), 5) is None


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    def mistake() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(Call("mistake", mistake), 5)


class Gate:
    """Blocks whoever goes through until it is opened; counts who came."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.came = 0

    def __call__(self) -> int:
        self.came += 1
        assert self.opened.wait(10)
        return self.came


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def when_over(gate: Gate) -> Callable[[], None]:
    def open_and_join() -> None:
        gate.opened.set()
        for thread in threading.enumerate():
            if thread.name == "gate":
                thread.join(5)

    return open_and_join


def test_a_call_that_hangs_is_neither_repeated_nor_waited_for_again(
    gate: Gate, when_over: Callable[[], None]
) -> None:
    call = Call("gate", gate)
    assert ask(call, 0.02) is None
    began = time.monotonic()
    assert [ask(call, 5), ask(call, 5)] == [None, None]
    assert time.monotonic() - began < 4
    assert gate.came == 1
    when_over()


def test_what_came_too_late_is_never_an_answer(gate: Gate, when_over: Callable[[], None]) -> None:
    call = Call("gate", gate)
    assert ask(call, 0.02) is None
    call.start()
    when_over()
    assert call.answer(time.monotonic() + 5) is None
    assert ask(call, 5) == 2


def test_a_thread_that_hangs_does_not_keep_the_program_alive(
    gate: Gate, when_over: Callable[[], None]
) -> None:
    ask(Call("gate", gate), 0.02)
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "gate"] == [True]
    when_over()
