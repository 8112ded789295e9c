"""Credentials that the database has verified, kept in memory for while it does not answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from control_api.auth.tables import TokenRow
from control_api.clock import Clock

KEPT_SECONDS = 86_400.0
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Key:
    """A credential as it was sent: the hash of a token, or of a login's cookie."""

    hash: str
    is_cookie: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """The token that the database found; `at` is monotonic, `expires_at` (of logins) is Unix."""

    row: TokenRow
    at: float
    expires_at: float | None = None


class VerifiedCredentials:
    """Used by any number of threads. Those that were verified longest ago go if they are
    more than `most`."""

    def __init__(self, clock: Clock, most: int = _MOST_KEPT) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Verified] = OrderedDict()
        self._revocations = 0

    def begin(self) -> tuple[int, float]:
        """What `keep` needs of the moment before the database was asked."""
        return self._revocations, self._clock.monotonic()

    def keep(
        self, key: Key, row: TokenRow, began: tuple[int, float], expires_at: float | None = None
    ) -> None:
        """Keep what the database said, unless something was revoked since it was asked."""
        revocations, at = began
        with self._lock:
            if revocations != self._revocations:
                return
            self._kept[key] = Verified(row, at, expires_at)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def get(self, key: Key) -> TokenRow | None:
        """The token of a credential that was verified within the last 24 hours."""
        with self._lock:
            found = self._kept.get(key)
        if found is None or self._clock.monotonic() - found.at >= KEPT_SECONDS:
            return None
        if found.expires_at is not None and self._clock.now() >= found.expires_at:
            return None
        return found.row

    def drop(self, key: Key) -> None:
        """Forget a credential that is not good any more."""
        with self._lock:
            self._revocations += 1
            self._kept.pop(key, None)

    def drop_token(self, number: int) -> None:
        """Forget a token and the logins that were made with it."""
        with self._lock:
            self._revocations += 1
            for key in [key for key, each in self._kept.items() if each.row.id == number]:
                del self._kept[key]

    @property
    def keys(self) -> Sequence[Key]:
        with self._lock:
            return list(self._kept)
