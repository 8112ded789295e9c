"""Every change as it happens, for one client: by WebSocket or as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from threading import Event

from fastapi import WebSocket, WebSocketDisconnect

from control_api.errors import ApiError
from control_api.streams.hub import Hub

HEARTBEAT = 15.0
_POLICY = 1008
_STEP_SECONDS = 0.5
Check = Callable[[], object]
"""Raises ApiError once the caller's token is not good any more."""


async def messages(hub: Hub, heartbeat: float, check: Check) -> AsyncGenerator[str | None]:
    """First the whole, then each change; None where nothing happened for a heartbeat.

    Whoever takes long to take one gets the newest state next: nothing waits in line.
    """
    loop = asyncio.get_running_loop()
    texts, seen = hub.since(None)
    checked = loop.time()
    while True:
        for text in texts:
            yield text
        if loop.time() - checked >= heartbeat:
            await asyncio.to_thread(check)
            checked = loop.time()
            yield None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.01, checked + heartbeat - loop.time())):
                await hub.changed(seen)
        texts, seen = hub.since(seen)


async def by_websocket(websocket: WebSocket, hub: Hub, check: Check, heartbeat: float) -> None:
    await websocket.accept()
    sending = asyncio.create_task(_send(websocket, hub, check, heartbeat))
    leaving = asyncio.create_task(_leave(websocket))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.wait((sending, leaving))


async def by_events(
    hub: Hub, check: Check, heartbeat: float, stopping: Event
) -> AsyncGenerator[str]:
    """Server-sent events (WHATWG HTML, 9.2): the message's `type` is the event's."""
    source = messages(hub, heartbeat, check)
    upcoming = asyncio.ensure_future(anext(source))
    try:
        while not stopping.is_set():
            # Not longer: who waits must see that the server is to end.
            done, _ = await asyncio.wait((upcoming,), timeout=_STEP_SECONDS)
            if done:
                text = upcoming.result()
                yield ": heartbeat\n\n" if text is None else f"data: {text}\n\n"
                upcoming = asyncio.ensure_future(anext(source))
    except ApiError:
        return
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await source.aclose()


async def _send(websocket: WebSocket, hub: Hub, check: Check, heartbeat: float) -> None:
    try:
        async with contextlib.aclosing(messages(hub, heartbeat, check)) as source:
            async for text in source:
                await websocket.send_text('{"type":"heartbeat"}' if text is None else text)
    except ApiError as error:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(_POLICY, error.detail[:120])
    except WebSocketDisconnect:
        pass


async def _leave(websocket: WebSocket) -> None:
    """By itself, or because the server ends; whatever it says meanwhile is dropped."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
