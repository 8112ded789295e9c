"""Basic authentication against bcrypt hashes, in front of everything the server has."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

import anyio
import bcrypt
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from leitstand.serving import report_authorised

_REMEMBERED = 100
# More than that bcrypt has never looked at; its library refuses more since version 5.
_LONGEST_PASSWORD = 72


class BasicAuth:
    """Lets nobody pass but the named users; everybody else gets 401 and nothing more."""

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self._app = app
        self._users = {name: hash.encode() for name, hash in users.items()}
        # One hash of each cost that is in use.
        self._decoys = {_cost(hash): hash for hash in self._users.values()}
        self._key = secrets.token_bytes(32)
        self._passed: set[bytes] = set()
        # bcrypt is slow on purpose: one at a time, so that guessing cannot take every core.
        self._limit = anyio.CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or await self._allowed(Headers(scope=scope)):
            report_authorised(scope)
            await self._app(scope, receive, send)
            return
        challenge = {"WWW-Authenticate": 'Basic realm="leitstand", charset="UTF-8"'}
        refusal = PlainTextResponse("401 Unauthorized\n", 401, challenge)
        await refusal(scope, receive, send)

    async def _allowed(self, headers: Headers) -> bool:
        given = headers.get("authorization", "")
        # Remembered by a keyed digest, so that the password itself is nowhere in memory.
        digest = hmac.digest(self._key, given.encode(), hashlib.sha256)
        if digest in self._passed:
            return True
        credentials = _credentials(given)
        if credentials is None:
            return False
        passed = await anyio.to_thread.run_sync(self._check, *credentials, limiter=self._limit)
        if passed:
            if len(self._passed) >= _REMEMBERED:
                self._passed.clear()
            self._passed.add(digest)
        return passed

    def _check(self, name: str, password: bytes) -> bool:
        """Whoever asks, one hash of each cost is computed: time tells nothing about a name."""
        own = self._users.get(name)
        hashes = self._decoys if own is None else {**self._decoys, _cost(own): own}
        matching = [h for h in hashes.values() if bcrypt.checkpw(password[:_LONGEST_PASSWORD], h)]
        return own in matching


class Open:
    """Authorises every request; for an exporter without users."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        report_authorised(scope)
        await self._app(scope, receive, send)


def _cost(hash: bytes) -> bytes:
    """10 of $2b$10$…"""
    return hash[4:6]


def _credentials(header: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except ValueError:  # neither base64 nor text
        return None
