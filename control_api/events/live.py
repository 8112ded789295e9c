"""Events as they happen, for one client each: first what it missed, then the rest, bounded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from control_api.events.history import EventHistory
from control_api.events.service import Event, EventService

_PAGE = 200


class TooSlow(Exception):
    """More happened than the client took; it may come back for the rest."""


class Follower:
    """What one client has not taken yet, at most `room` events; lives in one event loop."""

    def __init__(self, history: EventHistory, room: int) -> None:
        self._history = history
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[Event] = asyncio.Queue()
        self._overflow = asyncio.Event()

    def put(self, event: Event) -> None:
        """From any thread; never waits."""
        # Closed: the server has ended, and nobody waits for it any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._add, event)

    async def last_id(self) -> int:
        return await asyncio.to_thread(self._history.last_id)

    async def events(self, last_id: int, after: int | None) -> AsyncGenerator[Event]:
        """All with an id above `after`, else above `last_id`; each once."""
        seen = last_id
        if after is not None and after < last_id:
            seen = after
            while missed := await asyncio.to_thread(self._history.after, seen, _PAGE):
                for event in missed:
                    yield event
                seen = missed[-1].id
        # `seen` stays: two threads may hand in their events in another order than that of the ids.
        while True:
            event = await self._waiting.get()
            if event.id > seen:
                yield event

    async def fall_behind(self) -> None:
        """Waits until that happens; raises TooSlow."""
        await self._overflow.wait()
        raise TooSlow

    def _add(self, event: Event) -> None:
        if self._waiting.qsize() < self._room:
            self._waiting.put_nowait(event)
        else:
            self._overflow.set()


class LiveEvents:
    """`heartbeat` is in seconds; `room` is how many events a client may be behind."""

    def __init__(
        self,
        events: EventService,
        history: EventHistory,
        *,
        heartbeat: float = 15.0,
        room: int = 1_000,
    ) -> None:
        self._events = events
        self._history = history
        self.heartbeat = heartbeat
        self._room = room

    def follow(self) -> tuple[Follower, Callable[[], None]]:
        """Hears of all that happens from now on, until the second is called."""
        follower = Follower(self._history, self._room)
        return follower, self._events.listen(follower.put)
