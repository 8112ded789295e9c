"""Another thread works ahead: the same items, its errors in their turn, and it can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event, current_thread

import pytest

from leitstand.cut.ahead import ahead, in_batches_ahead


def test_all_items_in_their_order() -> None:
    assert list(ahead(iter(range(100)), 8)) == list(range(100))
    assert list(in_batches_ahead(iter(range(1000)), 256)) == list(range(1000))
    assert list(ahead(iter(()), 8)) == list(in_batches_ahead(iter(()), 256)) == []


def test_they_come_from_another_thread_and_only_so_many_ahead() -> None:
    begun, threads = [], set()

    def items() -> Iterator[int]:
        for number in range(100):
            begun.append(number)
            threads.add(current_thread())
            yield number

    with closing(ahead(items(), 4)) as made:
        assert next(made) == 0
    assert max(begun) <= 5
    assert current_thread() not in threads


def test_an_error_comes_after_what_was_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("broken")

    made = ahead(items(), 4)
    assert next(made) == 1
    with pytest.raises(OSError, match="broken"):
        next(made)


def test_who_closes_it_waits_for_what_is_being_done() -> None:
    begun, go_on, ended = Event(), Event(), []

    def items() -> Iterator[int]:
        yield 1
        begun.set()
        go_on.wait(20)
        ended.append(2)
        yield 2

    made = ahead(items(), 2)
    assert next(made) == 1
    assert begun.wait(10)
    with ThreadPoolExecutor(1) as other:
        closing_it = other.submit(made.close)
        with pytest.raises(TimeoutError):
            closing_it.result(0.2)
        go_on.set()
        closing_it.result(20)
    # What it reads from may be closed now.
    assert ended == [2]
