"""Calls that may hang: each in a thread of its own, awaited only until a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Call(Generic[T]):
    """A call to be made again and again; while one hangs, no other is made."""

    def __init__(self, name: str, function: Callable[[], T]) -> None:
        self._name = name
        self._function = function
        self._coming: Future[T] | None = None
        self._hangs = False

    def start(self) -> None:
        self._hangs = self._coming is not None and not self._coming.done()
        if self._hangs:
            return
        coming: Future[T] = Future()
        # A daemon, since a thread inside a dead mount's statvfs can be neither ended nor joined.
        threading.Thread(
            target=_run, args=(self._function, coming), name=self._name, daemon=True
        ).start()
        self._coming = coming

    def answer(self, until: float) -> T | None:
        """What the call gave; None if it failed or has not ended by `until` (monotonic).

        One that hung already when it was to be started is not waited for again.
        """
        if self._hangs or self._coming is None:
            return None
        try:
            return self._coming.result(max(0.0, until - time.monotonic()))
        except OSError:
            # What the call raised, or a TimeoutError, which is one too.
            return None


def _run(function: Callable[[], T], coming: Future[T]) -> None:
    try:
        coming.set_result(function())
    except Exception as error:
        coming.set_exception(error)
