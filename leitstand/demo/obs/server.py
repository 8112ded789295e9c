"""The websocket server of one run: its clients, the beat of the meters, faults on the way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.typing import Subprotocol

from leitstand.demo.obs.faults import Fault, Faults
from leitstand.demo.obs.program import METER_SECONDS
from leitstand.demo.obs.protocol import Closing, Intent, Json
from leitstand.demo.obs.requests import answer
from leitstand.demo.obs.session import Session
from leitstand.demo.obs.studio import Studio

logger = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("obswebsocket.json")
LOOK_SECONDS = 0.01
CLOSE_SECONDS = 0.5
LATE_SECONDS = 0.2
"""So long an answer waits for the next one under WRONG_ORDER."""


class Server:
    def __init__(
        self,
        faults: Faults,
        password: str | None,
        requests: Counter[str],
        slow_seconds: Callable[[], float],
    ) -> None:
        self._faults, self._password, self._requests = faults, password, requests
        self._slow_seconds = slow_seconds
        self._clients: dict[ServerConnection, Session] = {}
        self._late: dict[ServerConnection, str] = {}
        self._sockets: weakref.WeakSet[ServerConnection] = weakref.WeakSet()
        self._closing = asyncio.Event()
        self._studio: Studio | None = None

    @property
    def identified(self) -> int:
        return sum(session.is_identified for session in list(self._clients.values()))

    async def run(
        self, studio: Studio, address: tuple[str, int], ready: Callable[[int], None]
    ) -> None:
        """Until `close`; says which port it listens on."""
        self._studio = studio
        server = await serve(
            self._serve,
            *address,
            process_request=self._admit,
            select_subprotocol=_subprotocol,
            create_connection=_tracked(self._sockets),
            compression=None,
            open_timeout=None,
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            # a client that goes away or speaks no websocket is not an error
            logger=logging.Logger("demo", logging.CRITICAL + 1),
        )
        ready(next(iter(server.sockets)).getsockname()[1])
        await self._beat(studio)
        await studio.exit()
        server.close()
        for socket in self._sockets:
            if socket not in self._clients:
                socket.transport.abort()
        await server.wait_closed()

    def close(self) -> None:
        self._closing.set()

    def abort(self) -> None:
        """Every connection is reset, without a word."""
        for socket in self._sockets:
            socket.transport.abort()

    def emit(self, intent: Intent, event_type: str, data: Json | None) -> None:
        if Fault.HANG in self._faults:
            return
        for socket, session in self._clients.items():
            if session.wants(intent):
                broadcast([socket], session.event(intent, event_type, data))

    def answer(self, request_type: str, data: Any) -> Json | None:
        assert self._studio is not None
        return answer(self._studio, request_type, data)

    def _counted(self, request_type: str, data: Any) -> Json | None:
        self._requests[request_type] += 1
        return self.answer(request_type, data)

    async def _beat(self, studio: Studio) -> None:
        """Every 50 ms: the meters, the frame counters, and connections that are to end or hang."""
        loop, meters = asyncio.get_running_loop(), Intent.INPUT_VOLUME_METERS
        due = loop.time()
        while not self._closing.is_set():
            if Fault.DROP in self._faults:
                self.abort()
            self._pause(Fault.HANG in self._faults)
            studio.encoder.count()
            if any(session.wants(meters) for session in self._clients.values()):
                self.emit(meters, "InputVolumeMeters", {"inputs": studio.program.levels()})
            due = max(due + METER_SECONDS, loop.time())
            await self._wait(due - loop.time())
        self._pause(False)

    async def _serve(self, socket: ServerConnection) -> None:
        assert self._studio is not None
        version = self._studio.options.version
        session = self._clients[socket] = Session(self._counted, self._password, version)
        try:
            await socket.send(session.hello())
            async for message in socket:
                await self._hold()
                reply = session.receive(message)
                if Fault.SLOW in self._faults:
                    await self._wait(self._slow_seconds())
                self._deliver(socket, reply)
        except Closing as closing:
            await socket.close(closing.code, closing.reason)
        except ConnectionClosed:
            pass
        except Exception:
            logger.exception("the demo failed at a message")
            raise
        finally:
            del self._clients[socket]

    def _deliver(self, socket: ServerConnection, reply: str) -> None:
        if Fault.WRONG_ORDER in self._faults and socket not in self._late:
            self._late[socket] = reply
            asyncio.get_running_loop().call_later(LATE_SECONDS, self._release, socket)
            return
        broadcast([socket], reply)
        self._release(socket)

    def _release(self, socket: ServerConnection) -> None:
        if socket in self._late:
            broadcast([socket], self._late.pop(socket))

    async def _admit(self, socket: ServerConnection, _: Request) -> None:
        await self._hold()
        if Fault.DROP in self._faults:
            socket.transport.abort()

    async def _hold(self) -> None:
        while Fault.HANG in self._faults and not self._closing.is_set():
            await self._wait(LOOK_SECONDS)

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    def _pause(self, paused: bool) -> None:
        """While it hangs, pings are not answered either."""
        for socket in self._clients:
            (socket.transport.pause_reading if paused else socket.transport.resume_reading)()


def _subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def _tracked(sockets: weakref.WeakSet[ServerConnection]) -> type[ServerConnection]:
    """Connections that are known from the first byte on, long before they are clients."""

    class Tracked(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            sockets.add(self)

    return Tracked
