"""Threads for calls that may hang: each kind of call has its own, so that none holds up another."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)

_IDLE_SECONDS = 10.0


class Threads:
    """At most `count` daemon threads; they start when they are needed and end when idle."""

    def __init__(self, name: str, count: int) -> None:
        self.count = count
        self._name = name
        self._changed = threading.Condition()
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._threads = 0
        self._idle = 0

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Have it called by the next thread that is free."""
        future: Future[T] = Future()
        with self._changed:
            self._calls.append((future, function))
            if len(self._calls) > self._idle and self._threads < self.count:
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
                self._threads += 1
            self._changed.notify()
        return future

    async def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The same for a coroutine, which waits for the result."""
        call = functools.partial(function, *args, **kwargs)
        return await asyncio.wrap_future(self.submit(call))

    def _work(self) -> None:
        while (found := self._next()) is not None:
            _carry_out(*found)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._changed:
            self._idle += 1
            is_there = self._changed.wait_for(lambda: bool(self._calls), _IDLE_SECONDS)
            self._idle -= 1
            if is_there:
                return self._calls.popleft()
            self._threads -= 1
            return None


class CheckThreads(Threads):
    """For finding out who asks."""


class ControlThreads(Threads):
    """For requests that control recordings, by callers who are known."""


class BoundedCalls:
    """Calls that may hang; each is given up after its time, and hanging ones hold few threads."""

    def __init__(self, name: str, count: int) -> None:
        self._threads = Threads(name, count)
        self._lock = threading.Lock()
        self._began: dict[object, float] = {}
        self._succeeded_at = float("-inf")

    def call(self, function: Callable[[], T], seconds: float) -> T:
        """Raises TimeoutError after `seconds`.

        At once where an earlier call has hung for that long, and none has succeeded since it
        began. This one is made all the same while a thread is free: it may be the first to succeed.
        """
        is_hanging, is_full = self._look(seconds)
        if is_hanging and is_full:
            raise TimeoutError
        future = self._threads.submit(functools.partial(self._timed, function))
        if is_hanging:
            raise TimeoutError
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def _look(self, seconds: float) -> tuple[bool, bool]:
        """Whether calls hang, and whether every thread has one."""
        with self._lock:
            began = [each for each in self._began.values() if each >= self._succeeded_at]
            is_full = len(self._began) >= self._threads.count
        return bool(began) and time.monotonic() - min(began) >= seconds, is_full

    def _timed(self, function: Callable[[], T]) -> T:
        key = object()
        with self._lock:
            self._began[key] = time.monotonic()
        try:
            result = function()
        finally:
            with self._lock:
                del self._began[key]
        with self._lock:
            self._succeeded_at = time.monotonic()
        return result


class Worker:
    """Calls `step` in a daemon thread whenever it is woken, again as long as it returns True."""

    def __init__(self, name: str, step: Callable[[], bool]) -> None:
        self._name = name
        self._step = step
        self._lock = threading.Condition()
        self._is_woken = False
        self._is_running = False

    def wake(self) -> None:
        with self._lock:
            self._is_woken = True
            if self._is_running:
                return
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._is_running = True

    def rest(self, timeout: float) -> None:
        """Wait until there is nothing to do, but no longer than `timeout`."""
        with self._lock:
            self._lock.wait_for(lambda: not self._is_running, timeout)

    def _run(self) -> None:
        while self._takes_turn():
            try:
                while self._step():
                    pass
            except Exception:
                logger.exception("%s: this is a mistake in Leitstand", self._name)

    def _takes_turn(self) -> bool:
        with self._lock:
            self._is_running, self._is_woken = self._is_woken, False
            self._lock.notify_all()
            return self._is_running


def _carry_out(future: Future[Any], function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function())
    except BaseException as error:
        future.set_exception(error)
