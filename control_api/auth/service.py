"""Decides who has a token, who is signed in, and when either ends."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from control_api.auth.access import Caller, Role
from control_api.auth.credentials import Credentials
from control_api.auth.last_use import LastUse
from control_api.auth.store import AuthStore
from control_api.auth.tables import LoginRow, TokenRow
from control_api.auth.tokens import fingerprint, new_cookie, new_token
from control_api.clock import Clock
from control_api.errors import Conflict, NotFound, Unauthorized
from control_api.timer import Timer

logger = logging.getLogger(__name__)

LOGIN_SECONDS = 30 * 86_400
CONFIGURATION = "configuration"
"""Who made the token that `control_api.admin_token` says."""
FIRST_START = "first start"
_NOTED_EVERY = 60.0
_RECHECK_SECONDS = 5.0
_STOP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Token:
    """What may be told of a token; points in time are Unix seconds."""

    id: int
    name: str
    role: Role
    created_at: float
    created_by: str
    last_used_at: float | None
    revoked_at: float | None

    @property
    def caller(self) -> Caller:
        return Caller(self.name, self.role)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made, with its secret, which nobody can be told again."""

    token: Token
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """Who signed in, and what the browser's cookie is to hold."""

    caller: Caller
    cookie: str = field(repr=False)


class AuthService:
    def __init__(self, store: AuthStore, clock: Clock) -> None:
        self.credentials = Credentials(store, clock)
        self._store = store
        self._clock = clock
        self._last_use = LastUse(store)

    def begin(self, timer: Timer) -> None:
        timer.every(_RECHECK_SECONDS, "credentials", self.credentials.recheck)

    def stop(self) -> None:
        """Give what is being noted a moment."""
        self._last_use.stop(_STOP_SECONDS)

    def by_token(self, secret: str, *, offline: bool = False) -> Token | None:
        """Raises Unavailable if the database does not answer, and what is known is not enough.

        `offline`: what was verified within the last 24 hours is enough.
        """
        return self._used(self.credentials.of_token(secret, offline=offline))

    def by_cookie(self, cookie: str, *, offline: bool = False) -> Token | None:
        """The same for the cookie of a login."""
        return self._used(self.credentials.of_cookie(cookie, offline=offline))

    def tokens(self) -> Sequence[Token]:
        """Newest first, revoked ones too."""
        return [_token(row) for row in self._store.newest()]

    def create(self, name: str, role: Role, by: str) -> NewToken:
        """Raises Conflict if a token of that name is in use."""
        secret = new_token()
        row = self._row(name, role, secret, by)
        if not self._store.add(row):
            raise Conflict(f"name: {name!r} is in use; revoke that token or choose another name")
        return NewToken(_token(row), secret)

    def revoke(self, number: int) -> Token:
        """End a token and its logins; one that has ended stays as it is.

        Raises NotFound, or Conflict if it has to stay.
        """
        found = self._store.get(number)
        if found is None:
            raise NotFound(f"id: there is no token {number}")
        if found.created_by == CONFIGURATION and found.revoked_at is None:
            raise Conflict(
                f"id: token {number} is what control_api.admin_token says; change it there"
            )
        try:
            is_done = self._store.revoke(number, self._clock.now())
        finally:
            # Whether a commit that failed was carried out is not known.
            self.credentials.revoked(number)
        if not is_done:
            raise Conflict(f"id: token {number} is the last admin's; create another one first")
        return _token(self._store.get(number) or found)

    def login(self, secret: str) -> Login:
        """Raises Unauthorized."""
        token = self.by_token(secret)
        if token is None:
            raise Unauthorized("token: not known, or revoked")
        cookie, now = new_cookie(), self._clock.now()
        self._store.add_login(
            LoginRow(
                hash=fingerprint(cookie),
                token_id=token.id,
                created_at=now,
                expires_at=now + LOGIN_SECONDS,
            )
        )
        return Login(token.caller, cookie)

    def logout(self, cookie: str) -> None:
        try:
            self._store.remove_login(fingerprint(cookie))
        finally:
            self.credentials.logged_out(cookie)

    def has_admin(self) -> bool:
        return self._store.has_admin()

    def configure(self, secret: str | None) -> None:
        """Let the configured admin token be this one and no other; None: there is none."""
        wanted = self._row("admin", Role.ADMIN, secret, CONFIGURATION) if secret else None
        if self._store.has_only(wanted, CONFIGURATION):
            # Nothing is written where nothing changes: the disk may be full, or the file locked.
            return
        revoked = self._store.keep_only(wanted, CONFIGURATION, self._clock.now())
        if revoked:
            logger.info("control_api.admin_token has changed; the old one is revoked")

    def add_admin(self, secret: str) -> None:
        """Keep a token that was told somebody already."""
        self._store.settle(self._row("admin", Role.ADMIN, secret, FIRST_START))

    def kept(self, secret: str, name: str, role: Role) -> str:
        """This one if it is good and of that name and role, else a new one.

        Raises Conflict if it is another's.
        """
        found = self._store.by_token(fingerprint(secret))
        if found is None:
            secret = new_token()
            self._store.settle(self._row(name, role, secret, "command"))
        elif (found.name, found.role) != (name, str(role)):
            raise Conflict(f"--output: the file holds the token of {found.name} ({found.role})")
        return secret

    def _row(self, name: str, role: Role, secret: str, by: str) -> TokenRow:
        now = self._clock.now()
        return TokenRow(
            name=name, role=str(role), hash=fingerprint(secret), created_at=now, created_by=by
        )

    def _used(self, row: TokenRow | None) -> Token | None:
        if row is None:
            return None
        now = self._clock.now()
        # A clock that was set back has left a time that is to come.
        if row.last_used_at is None or abs(now - row.last_used_at) >= _NOTED_EVERY:
            self._last_use.note(row.id, now)
        return _token(row)


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=Role[row.role.upper()],
        created_at=row.created_at,
        created_by=row.created_by,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
