"""Encoded messages for any number of clients: each is encoded once, and no client has a queue.

Numbered one by one. Who has seen number N gets all since; who is too far behind gets the whole
again, which is the newest state. Threads put in, one event loop takes out.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Json = dict[str, Any]

_KEPT = 16


class Hub:
    """`whole` gives the state that belongs to what was put in last."""

    def __init__(self, whole: Callable[[], Json]) -> None:
        self._whole = whole
        self._lock = threading.Lock()
        self._number = 0
        self._kept: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self._encoded: tuple[int, str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: asyncio.Future[None] | None = None

    def put(self, message: Json, apply: Callable[[], None]) -> None:
        """Tell everybody; `apply` changes the state, in step with the number."""
        with self._lock:
            apply()
            self._number += 1
            text = _text({**message, "sequence": self._number})
            self._kept.append((self._number, text))
            loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def since(self, seen: int | None) -> tuple[Sequence[str], int]:
        """The messages after number `seen`, or the whole; and which number has then been seen."""
        with self._lock:
            if seen == self._number:
                return (), seen
            oldest = self._kept[0][0] if self._kept else 0
            if seen is not None and oldest - 1 <= seen < self._number:
                return [text for number, text in self._kept if number > seen], self._number
            if self._encoded is None or self._encoded[0] != self._number:
                whole = {"type": "whole", "sequence": self._number, **self._whole()}
                self._encoded = self._number, _text(whole)
            return [self._encoded[1]], self._number

    async def changed(self, seen: int) -> None:
        """Returns once there is something after `seen`."""
        while True:
            future = self._future()
            with self._lock:
                if self._number != seen:
                    return
            await asyncio.shield(future)

    def _future(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._changed = loop, None
        if self._changed is None or self._changed.done():
            self._changed = loop.create_future()
        return self._changed

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)


def _text(message: Json) -> str:
    return msgspec.json.encode(message).decode()
