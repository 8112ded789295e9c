"""Decides which of several processes on a database does what must be done only once."""

from __future__ import annotations

import logging
import math
import threading
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import Clock
from control_api.leases import Leases

logger = logging.getLogger(__name__)

NAME = "housekeeping"
_LEASE_SECONDS = 30.0
_ASK_SECONDS = 5.0


class Process(Protocol):
    """This process: its identity, and whether it is alone on its database."""

    identity: str
    is_alone: bool


class Leadership:
    """Holds a lease, and goes on with it while the database cannot be reached: nobody else can
    take it then. A process that is alone on its database needs none."""

    def __init__(self, leases: Leases, process: Process, clock: Clock) -> None:
        self._leases = leases
        self._process = process
        self._clock = clock
        self._lock = threading.Lock()
        self._is_leader = False
        self._asked_at = -math.inf

    def is_leader(self) -> bool:
        """Whether it is this process; to be asked every few seconds, or the lease runs out."""
        if self._process.is_alone:
            return True
        with self._lock:
            if self._clock.monotonic() - self._asked_at >= _ASK_SECONDS:
                self._ask()
                self._asked_at = self._clock.monotonic()
            return self._is_leader

    def resign(self) -> None:
        """Let another process take over at once."""
        if self._process.is_alone:
            return
        with self._lock:
            try:
                lease = self._leases.holder_of(NAME)
                if lease is not None and lease.holder == self._process.identity:
                    self._leases.release(lease)
            except SQLAlchemyError as error:
                logger.warning("the lease %s runs out by itself: %s", NAME, type(error).__name__)
            self._is_leader = False

    def _ask(self) -> None:
        try:
            holder = self._leases.holder_of(NAME)
            if holder is not None and holder.holder != self._process.identity:
                is_leader = False
            else:
                is_leader = bool(self._leases.acquire(NAME, self._process.identity, _LEASE_SECONDS))
        except SQLAlchemyError as error:
            logger.warning("the lease %s cannot be asked for: %s", NAME, type(error).__name__)
            return
        if is_leader != self._is_leader:
            logger.info("%s: %s", NAME, "done by this process" if is_leader else "done elsewhere")
        self._is_leader = is_leader
