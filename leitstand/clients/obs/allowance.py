"""How long all waiting on a socket together may take, and how much may come."""

from __future__ import annotations

import math
import socket
import time
from typing import Any

from leitstand.clients.obs.errors import NotObs

# A screenshot in 4K is 40 MB at most.
_LARGEST_ANSWER = 100_000_000


class Allowance:
    """What is left of the time and room of one exchange."""

    def __init__(self) -> None:
        self.seconds = math.inf
        self._ends_at = math.inf
        self._room = _LARGEST_ANSWER

    def renew(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds
        self._room = _LARGEST_ANSWER

    def revoke(self) -> None:
        self._ends_at = -math.inf

    def left(self) -> float:
        """The seconds that are left; TimeoutError if there are none."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise NotObs(f"sends more than {_LARGEST_ANSWER} bytes at once")


class BoundedSocket(socket.socket):
    """A socket that heeds an allowance.

    An ordinary time-out bounds each wait alone: a server that sends one byte a second would never
    be late.
    """

    def __init__(self, family: int, kind: int, protocol: int, allowance: Allowance) -> None:
        super().__init__(family, kind, protocol)
        self._allowance = allowance

    def connect(self, address: Any) -> None:
        self.settimeout(self._allowance.left())
        super().connect(address)

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(self._allowance.left())
        return super().send(data, flags)

    def recv(self, size: int, flags: int = 0) -> bytes:
        self.settimeout(self._allowance.left())
        data = super().recv(size, flags)
        self._allowance.take(len(data))
        return data
