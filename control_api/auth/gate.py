"""Who asks: by bearer token, else by the cookie of a login."""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from control_api.auth.access import Caller, Gate
from control_api.auth.service import AuthService, Token
from control_api.auth.tokens import fingerprint
from control_api.errors import Forbidden, Unauthorized, Unavailable
from control_api.limits import Limits, address_of, require
from leitstand.addresses import neighbourhood
from leitstand.serving import report_authorised

COOKIE = "leitstand"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_SEEN = 1_000


class TokenGate(Gate):
    """Leaves who it was in `state.caller`, for whoever keeps the books."""

    def __init__(self, auth: AuthService, limits: Limits) -> None:
        self._auth = auth
        self._limits = limits
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def caller(self, connection: HTTPConnection) -> Caller:
        return self._caller(connection, offline=False)

    def offline_caller(self, connection: HTTPConnection) -> Caller:
        return self._caller(connection, offline=True)

    def recognises(self, connection: HTTPConnection) -> bool:
        credentials = self._auth.credentials
        header = connection.headers.get("authorization")
        if header is not None:
            return credentials.is_known(_secret(header), is_cookie=False)
        cookie = connection.cookies.get(COOKIE)
        return cookie is not None and credentials.is_known(cookie, is_cookie=True)

    def _caller(self, connection: HTTPConnection, *, offline: bool) -> Caller:
        known = getattr(connection.state, "caller", None)
        if isinstance(known, Caller):
            return known
        token = self._token(connection, offline)
        require(self._limits.token.take(str(token.id)), f"too many requests of {token.name}")
        connection.state.caller = token.caller
        report_authorised(connection.scope)
        return token.caller

    def _token(self, connection: HTTPConnection, offline: bool) -> Token:
        header = connection.headers.get("authorization")
        if header is not None:
            return self._by_header(header, neighbourhood(address_of(connection)), offline)
        cookie = connection.cookies.get(COOKIE)
        if cookie is None:
            raise Unauthorized("needs a token: send `Authorization: Bearer TOKEN`, or log in")
        token = self._auth.by_cookie(cookie, offline=offline)
        if token is None:
            raise Unauthorized("the login has ended; log in again")
        if _changes(connection) and not from_own_page(connection):
            raise Forbidden("Origin: with a cookie, only this service's own pages may do this")
        return token

    def _by_header(self, header: str, place: str, offline: bool) -> Token:
        secret = _secret(header)
        if not secret:
            raise Unauthorized("Authorization: must be `Bearer TOKEN`")
        acquaintance = (place, fingerprint(secret))
        # Who tries tokens is not answered any more. Whoever was let in from there before is: an
        # old token in a neighbour's script must not keep the operator out.
        if acquaintance not in self._seen:
            require(self._limits.wrong.wait(place), "too many wrong tokens from this address")
        try:
            token = self._auth.by_token(secret, offline=offline)
        except Unavailable:
            # A guess like any other: one that is right would be let in.
            if acquaintance not in self._seen:
                self._limits.wrong.take(place)
            raise
        if token is None:
            self._limits.wrong.take(place)
            raise Unauthorized("Authorization: the token is not known, or was revoked")
        self._remember(acquaintance)
        return token

    def _remember(self, acquaintance: tuple[str, str]) -> None:
        self._seen[acquaintance] = None
        while len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)


def _secret(header: str) -> str:
    """What comes after `Bearer`; empty if the header has another form."""
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _changes(connection: HTTPConnection) -> bool:
    """A WebSocket counts: its handshake is a GET, but a page of another origin may open it too."""
    return connection.scope["type"] == "websocket" or connection.scope["method"] not in _SAFE


def from_own_page(connection: HTTPConnection, *, otherwise: bool = False) -> bool:
    """Whether the browser says that a page of this host asks; `otherwise` if it says nothing.

    Hosts are compared, not schemes: behind a proxy that ends TLS, ours is not the browser's.
    """
    origin = connection.headers.get("origin")
    if origin is not None:
        host = connection.headers.get("host", "")
        return bool(host) and _host_of(origin) == host.lower()
    site = connection.headers.get("sec-fetch-site")
    return otherwise if site is None else site == "same-origin"


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
