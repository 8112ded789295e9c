"""/api/events: what happened, and what happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from control_api.auth.access import Gate, Viewer
from control_api.envelope import Answer
from control_api.errors import ApiError
from control_api.events.live import LiveEvents, TooSlow
from control_api.events.service import Event, EventService, Kind
from control_api.events.shapes import EventOut
from control_api.provide import provided

router = APIRouter(prefix="/events", tags=["events"])

Events = Annotated[EventService, Depends(provided(EventService))]
Live = Annotated[LiveEvents, Depends(provided(LiveEvents))]
Id = Annotated[int | None, Query(ge=0, le=2**31 - 1)]

_POLICY, _TRY_AGAIN = 1008, 1013
_REASON = 123
"""The longest reason of a close frame, in bytes."""
_GOODBYE_SECONDS = 5.0


@router.get("")
def events(
    caller: Viewer,
    events: Events,
    *,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    before: Id = None,
    kind: Kind | None = None,
    studio: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_.-]{1,63}$")] = None,
) -> Answer[list[EventOut]]:
    """What happened, newest first; `before` the id of the last one leads to the next page."""
    found = events.newest(limit, before, kind, studio)
    return Answer(data=[EventOut.of(event) for event in found])


@router.websocket("/live")
async def live(
    websocket: WebSocket,
    caller: Viewer,
    gate: Annotated[Gate, Depends(provided(Gate))],
    live: Live,
    after: Id = None,
) -> None:
    """Each event as it happens, as JSON with a `type`: first `{"type": "hello", "last_id": N}`.

    `?after=ID` sends what was missed first. A `heartbeat` comes every 15 s. Who is too slow is
    closed with 1013 and comes back with the last id it saw.
    """
    await websocket.accept()
    follower, end = live.follow()
    client = _Client(websocket, gate)
    try:
        last_id = await follower.last_id()
        await websocket.send_json({"type": "hello", "last_id": last_id})
        await _first_of(
            client.take(follower.events(last_id, after)),
            client.stay(live.heartbeat),
            client.leave(),
            follower.fall_behind(),
        )
    except TooSlow:
        await client.dismiss(_TRY_AGAIN, "too slow; come back with ?after=")
    except ApiError as error:
        await client.dismiss(_POLICY, error.detail)
    except WebSocketDisconnect:
        pass
    finally:
        end()


class _Client:
    """One who looks; all of these go on at once, until the first ends or raises."""

    def __init__(self, websocket: WebSocket, gate: Gate) -> None:
        self._websocket = websocket
        self._gate = gate

    async def take(self, events: AsyncGenerator[Event]) -> None:
        async with contextlib.aclosing(events):
            async for event in events:
                shown = EventOut.of(event).model_dump(mode="json")
                await self._websocket.send_json({"type": "event", **shown})

    async def stay(self, heartbeat: float) -> None:
        """Raises ApiError once the token is not good any more."""
        while True:
            await asyncio.sleep(heartbeat)
            # Not the handshake's own scope: what it was found to be then is kept there.
            anew = HTTPConnection({**self._websocket.scope, "state": {}})
            # While the database does not answer, who was let in before may stay.
            await run_in_threadpool(self._gate.offline_caller, anew)
            await self._websocket.send_json({"type": "heartbeat"})

    async def leave(self) -> None:
        """By itself, or because the server ends; whatever it says meanwhile is dropped."""
        while (await self._websocket.receive())["type"] != "websocket.disconnect":
            pass

    async def dismiss(self, code: int, reason: str) -> None:
        # Who takes nothing does not take the goodbye either.
        with contextlib.suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._websocket.close(code, reason.encode()[:_REASON].decode(errors="ignore"))


async def _first_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Wait until one ends, and end the others; raises what it raised."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    errors = [task.exception() for task in tasks if not task.cancelled()]
    for error in filter(None, errors):
        raise error
