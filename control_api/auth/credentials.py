"""Finds whose a token or cookie is: in the database or, while that does not answer, in memory."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from control_api.auth.store import AuthStore
from control_api.auth.tables import TokenRow
from control_api.auth.tokens import fingerprint
from control_api.auth.verified import Key, VerifiedCredentials
from control_api.clock import Clock
from control_api.errors import DATABASE_AWAY, Unavailable
from control_api.threads import BoundedCalls

_THREADS = 4
_LOOKUP_SECONDS = 5.0
_KNOWN_SECONDS = 0.4
"""How long the database is waited for where memory has the answer too."""
_AWAY = (TimeoutError, DBAPIError, PoolTimeout)

Found = tuple[TokenRow, float | None]
"""A token, and until when (Unix seconds) the login lasts that it was found by."""


class Credentials:
    """`offline` in its methods: what was verified within the last 24 hours is good enough.

    They raise Unavailable if the database does not answer otherwise.
    """

    def __init__(self, store: AuthStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._verified = VerifiedCredentials(clock)
        self._calls = BoundedCalls("credentials", _THREADS)

    def of_token(self, secret: str, *, offline: bool = False) -> TokenRow | None:
        """The token, unless it was revoked."""
        key = Key(fingerprint(secret))

        def look() -> Found | None:
            row = self._store.by_token(key.hash)
            return None if row is None else (row, None)

        return self._find(key, look, offline=offline)

    def of_cookie(self, cookie: str, *, offline: bool = False) -> TokenRow | None:
        """The token that the login was made with, unless either has ended."""
        key = Key(fingerprint(cookie), is_cookie=True)
        return self._find(
            key, lambda: self._store.by_cookie(key.hash, self._clock.now()), offline=offline
        )

    def is_known(self, secret: str, *, is_cookie: bool) -> bool:
        """Whether it was verified within the last 24 hours."""
        return self._verified.get(Key(fingerprint(secret), is_cookie)) is not None

    def revoked(self, number: int) -> None:
        """A token has ended, and its logins with it."""
        self._verified.drop_token(number)

    def logged_out(self, cookie: str) -> None:
        """A login has ended."""
        self._verified.drop(Key(fingerprint(cookie), is_cookie=True))

    def recheck(self) -> None:
        """Forget what another process has revoked. Does nothing while the database is away."""
        keys = self._verified.keys
        if not keys:
            return
        tokens = [key.hash for key in keys if not key.is_cookie]
        cookies = [key.hash for key in keys if key.is_cookie]
        try:
            good = self._calls.call(
                lambda: self._store.still_good(tokens, cookies, self._clock.now()), _LOOKUP_SECONDS
            )
        except _AWAY:
            return
        for key in keys:
            if key.hash not in good:
                self._verified.drop(key)

    def _find(
        self, key: Key, look: Callable[[], Found | None], *, offline: bool
    ) -> TokenRow | None:
        known = self._verified.get(key) if offline else None
        seconds = _LOOKUP_SECONDS if known is None else _KNOWN_SECONDS
        try:
            return self._calls.call(lambda: self._look(key, look), seconds)
        except _AWAY:
            # What was dropped meanwhile is not known any more.
            if offline and (known := self._verified.get(key)) is not None:
                return known
            raise Unavailable(DATABASE_AWAY) from None

    def _look(self, key: Key, look: Callable[[], Found | None]) -> TokenRow | None:
        """Ask the database. An answer that nobody waits for any more is kept all the same."""
        began = self._verified.begin()
        found = look()
        if found is None:
            if self._verified.get(key) is not None:
                self._verified.drop(key)
            return None
        row, expires_at = found
        self._verified.keep(key, row, began, expires_at)
        return row
