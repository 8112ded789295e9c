"""How often something may be asked: by whom, from where, and how long until it may be again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from control_api.clock import Clock
from control_api.errors import TooMany

_MOST_KEYS = 10_000
_LONGEST_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds; all of them may come at once."""

    count: int
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """A page asks for its picture and its status every 2 s, and a house has up to 100 of them.

    That is 6,000 a minute, often with one token and, behind a reverse proxy, from one address;
    both limits leave room above it. Tries at a token are rare where people sign in by themselves.
    """

    token: Rate = Rate(9_000)
    address: Rate = Rate(12_000)
    logins: Rate = Rate(10)
    wrong: Rate = Rate(30)
    strangers: Rate = Rate(30)


class Limiter:
    """Counts by key. What it keeps of a key is one number, and of so many keys at most.

    The number is the time at which all that was taken is paid off. It is a time of the clock that
    never jumps: else a clock that is set back would lock everybody out.
    """

    def __init__(self, rate: Rate, clock: Clock, most_keys: int = _MOST_KEYS) -> None:
        self._rate = rate
        self._clock = clock
        self._most_keys = most_keys
        self._paid_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._paid_at)

    def take(self, key: str) -> float:
        """Count one. 0 if it is allowed, else the seconds until one is; then it does not count."""
        with self._lock:
            now = self._clock.monotonic()
            paid_at = self._next(key, now)
            wait = self._wait(paid_at, now)
            if wait == 0:
                self._paid_at[key] = paid_at
                self._paid_at.move_to_end(key)
                self._forget(now)
            return wait

    def wait(self, key: str) -> float:
        """The same without counting."""
        with self._lock:
            now = self._clock.monotonic()
            return self._wait(self._next(key, now), now)

    def _next(self, key: str, now: float) -> float:
        return max(self._paid_at.get(key, now), now) + self._rate.seconds / self._rate.count

    def _wait(self, paid_at: float, now: float) -> float:
        over = paid_at - now - self._rate.seconds
        # Sums of fractions are not exact; a microsecond early does no harm.
        return over if over > 1e-6 else 0.0

    def _forget(self, now: float) -> None:
        """Whoever is paid off, from the one that was seen longest ago; and who is too many."""
        while self._paid_at:
            key, paid_at = next(iter(self._paid_at.items()))
            if paid_at > now and len(self._paid_at) <= self._most_keys:
                return
            del self._paid_at[key]


class Limits:
    """A limiter for each thing that is limited."""

    def __init__(self, clock: Clock, rates: Rates | None = None) -> None:
        rates = rates or Rates()
        self.token = Limiter(rates.token, clock)
        self.address = Limiter(rates.address, clock)
        self.logins = Limiter(rates.logins, clock)
        self.wrong = Limiter(rates.wrong, clock)
        self.strangers = Limiter(rates.strangers, clock)


def require(wait: float, what: str) -> None:
    """Raises TooMany, `what` being what there is too much of, if there is anything to wait for."""
    if wait > 0:
        raise TooMany(f"{what}; again in {max(1, round(wait + 0.5))} s", wait)


def address_of(connection: HTTPConnection) -> str:
    """Where it comes from, as text; a proxy in between is where it comes from."""
    client = connection.client
    return client.host[:_LONGEST_ADDRESS] if client else "unknown"
