"""All connections of a server: caps on their number, and deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from leitstand.serving.caps import Caps
from leitstand.serving.connection import Connection, Phase

logger = logging.getLogger(__name__)

_Group = dict[Connection, None]
"""Connections in the order in which they came."""


class Connections:
    """Keeps the connections of a server within its caps; for the event loop's thread only."""

    def __init__(self, caps: Caps, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._caps = caps
        self._name = name
        self.clock = clock
        self._authorised: _Group = {}
        # Unauthorised: those whose request is waited for, by address, and those being answered.
        self._waiting: dict[str, _Group] = {}
        self._answered: _Group = {}
        # Cut, but their descriptors are not closed yet.
        self._leaving: _Group = {}
        self._by_descriptor: dict[int, Connection] = {}

    def __len__(self) -> int:
        """The number of connections whose descriptors are open."""
        return len(self._by_descriptor)

    def of(self, descriptor: int) -> Connection:
        return self._by_descriptor[descriptor]

    @property
    def unauthorised(self) -> int:
        return sum(map(len, self._waiting.values())) + len(self._answered)

    def admit(self, connection: Connection) -> None:
        """Count a new connection; above a cap, an older unauthorised one is cut for it.

        The oldest connection of the address with the most connections is cut. So an address with
        few connections keeps them while others flood the server, and a new connection always has
        some time to send its request.
        """
        group = self._waiting.get(connection.address, {})
        if len(group) >= self._caps.per_address:
            self._make_way(next(iter(group)), f"from {connection.address}", len(group))
        elif self.unauthorised >= self._caps.unauthorised:
            self._make_way(self._dispensable(), "from all addresses", self.unauthorised)
        self._waiting.setdefault(connection.address, {})[connection] = None
        self._by_descriptor[connection.descriptor] = connection
        connection.on_authorised = self._from_any_thread(connection)

    def enter(self, connection: Connection, phase: Phase) -> None:
        """Note what a connection is at."""
        connection.enter(phase, self.clock())
        if not self._is_unauthorised(connection):
            return
        self._forget(connection)
        if phase is Phase.ANSWER:
            self._answered[connection] = None
        else:
            self._waiting.setdefault(connection.address, {})[connection] = None

    def authorise(self, connection: Connection) -> None:
        """Count a connection as authorised. Above the cap, the authorised connection that has been
        idle longest is cut for it; if none is idle, the new one stays unauthorised."""
        if not self._is_unauthorised(connection):
            return
        if len(self._authorised) >= self._caps.authorised and not self._cut_an_idle_one():
            return
        self._forget(connection)
        self._authorised[connection] = None
        connection.is_authorised = True

    def closed(self, connection: Connection) -> None:
        """Forget a connection whose descriptor is closed."""
        self._forget(connection)
        self._authorised.pop(connection, None)
        self._leaving.pop(connection, None)
        self._by_descriptor.pop(connection.descriptor, None)

    def cut_overdue(self) -> None:
        now = self.clock()
        groups = [self._authorised, self._answered, *self._waiting.values()]
        for connection in [each for group in groups for each in group]:
            if connection.is_overdue(now):
                self.cut(connection)

    def relieve(self) -> None:
        """Cut half of the unauthorised connections: the process has no descriptors left."""
        for _ in range(max(1, self.unauthorised // 2)):
            if self.unauthorised:
                self.cut(self._dispensable())

    def cut(self, connection: Connection) -> None:
        self._forget(connection)
        self._authorised.pop(connection, None)
        self._leaving[connection] = None
        connection.cut()

    def _make_way(self, connection: Connection, where: str, count: int) -> None:
        logger.warning(
            "%s: %d connections without an authorised request %s; the oldest are closed",
            self._name,
            count,
            where,
        )
        self.cut(connection)

    def _dispensable(self) -> Connection:
        group = max(self._waiting.values(), key=len, default=self._answered)
        return next(iter(group))

    def _cut_an_idle_one(self) -> bool:
        logger.warning("%s: no more than %d connections", self._name, len(self._authorised))
        idle = [each for each in self._authorised if each.phase is Phase.IDLE]
        if idle:
            self.cut(min(idle, key=lambda each: each.since))
        return bool(idle)

    def _is_unauthorised(self, connection: Connection) -> bool:
        waiting = self._waiting.get(connection.address, {})
        return connection in self._answered or connection in waiting

    def _forget(self, connection: Connection) -> None:
        """Remove a connection from the unauthorised ones."""
        self._answered.pop(connection, None)
        group = self._waiting.get(connection.address)
        if group is not None:
            group.pop(connection, None)
            if not group:
                del self._waiting[connection.address]

    def _from_any_thread(self, connection: Connection) -> Callable[[], None]:
        loop = asyncio.get_running_loop()

        def report() -> None:
            # The loop may have ended meanwhile, with its connections.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self.authorise, connection)

        return report
