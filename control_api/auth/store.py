"""Tokens and logins in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from control_api.auth.tables import LoginRow, TokenRow
from control_api.database import Database

_MOST_LISTED = 1_000
_MOST_LOGINS = 5_000
ADMIN = "admin"


class AuthStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def by_token(self, hash: str) -> TokenRow | None:
        """The token with this hash, unless it was revoked."""
        query = select(TokenRow).where(TokenRow.hash == hash, TokenRow.revoked_at.is_(None))
        with self._database.reading() as session:
            return session.scalar(query)

    def by_cookie(self, hash: str, now: float) -> tuple[TokenRow, float] | None:
        """The token that a login was made with, unless either has ended; and when the login ends.

        Times are Unix seconds.
        """
        query = (
            select(TokenRow, LoginRow.expires_at)
            .join(LoginRow, LoginRow.token_id == TokenRow.id)
            .where(LoginRow.hash == hash, LoginRow.expires_at > now)
            .where(TokenRow.revoked_at.is_(None))
        )
        with self._database.reading() as session:
            found = session.execute(query).first()
        return None if found is None else (found[0], found[1])

    def still_good(self, tokens: Sequence[str], cookies: Sequence[str], now: float) -> set[str]:
        """Which of these hashes are of tokens and logins that have not ended."""
        of_tokens = select(TokenRow.hash).where(
            TokenRow.hash.in_(tokens), TokenRow.revoked_at.is_(None)
        )
        of_logins = select(LoginRow.hash).where(
            LoginRow.hash.in_(cookies), LoginRow.expires_at > now
        )
        with self._database.reading() as session:
            return {*session.scalars(of_tokens), *session.scalars(of_logins)}

    def newest(self) -> Sequence[TokenRow]:
        query = select(TokenRow).order_by(TokenRow.id.desc()).limit(_MOST_LISTED)
        with self._database.reading() as session:
            return session.scalars(query).all()

    def add(self, row: TokenRow) -> bool:
        """False if a token of that name is in use."""
        with self._database.begin() as session:
            taken = select(TokenRow.id).where(
                TokenRow.name == row.name, TokenRow.revoked_at.is_(None)
            )
            if session.scalar(taken.limit(1)) is not None:
                return False
            session.add(row)
        return True

    def get(self, number: int) -> TokenRow | None:
        with self._database.reading() as session:
            return session.get(TokenRow, number)

    def revoke(self, number: int, now: float) -> bool:
        """End the token and its logins. False if it is the last admin's."""
        with self._database.begin() as session:
            row = session.get_one(TokenRow, number)
            if row.revoked_at is None:
                if row.role == ADMIN and _admins(session) == 1:
                    return False
                _revoke(session, row, now)
        return True

    def used(self, times: Mapping[int, float]) -> None:
        """Note when tokens were used, by their numbers."""
        with self._database.begin() as session:
            for number, at in times.items():
                change = update(TokenRow).where(TokenRow.id == number)
                session.execute(change.values(last_used_at=at))

    def has_admin(self) -> bool:
        with self._database.reading() as session:
            return _admins(session) > 0

    def has_only(self, wanted: TokenRow | None, source: str) -> bool:
        """Whether `keep_only` would change nothing."""
        made = select(TokenRow.hash).where(
            TokenRow.created_by == source, TokenRow.revoked_at.is_(None)
        )
        with self._database.reading() as session:
            return session.scalars(made).all() == ([wanted.hash] if wanted else [])

    def keep_only(self, wanted: TokenRow | None, source: str, now: float) -> int:
        """Of what `source` made, let only this token be. Returns how many others it revoked."""
        with self._database.begin() as session:
            made = select(TokenRow).where(
                TokenRow.created_by == source, TokenRow.revoked_at.is_(None)
            )
            old = [row for row in session.scalars(made) if not wanted or row.hash != wanted.hash]
            for row in old:
                _revoke(session, row, now)
            if wanted is not None:
                _settle(session, wanted)
        return len(old)

    def settle(self, wanted: TokenRow) -> None:
        """Have this token, whatever others there are."""
        with self._database.begin() as session:
            _settle(session, wanted)

    def add_login(self, row: LoginRow) -> None:
        """Keep it, and forget those that have ended or are too many for one token."""
        many = (
            select(LoginRow.hash)
            .where(LoginRow.token_id == row.token_id)
            .order_by(LoginRow.created_at.desc(), LoginRow.hash)
            .offset(_MOST_LOGINS)
        )
        with self._database.begin() as session:
            session.add(row)
            session.flush()
            session.execute(delete(LoginRow).where(LoginRow.expires_at <= row.created_at))
            session.execute(delete(LoginRow).where(LoginRow.hash.in_(many)))

    def remove_login(self, hash: str) -> None:
        with self._database.begin() as session:
            session.execute(delete(LoginRow).where(LoginRow.hash == hash))


def _admins(session: Session) -> int:
    query = select(func.count()).where(TokenRow.role == ADMIN, TokenRow.revoked_at.is_(None))
    return session.scalar(query) or 0


def _revoke(session: Session, row: TokenRow, now: float) -> None:
    row.revoked_at = now
    session.execute(delete(LoginRow).where(LoginRow.token_id == row.id))


def _settle(session: Session, wanted: TokenRow) -> None:
    """Add it; if there has been one with its hash, that one is it."""
    row = session.scalar(select(TokenRow).where(TokenRow.hash == wanted.hash))
    if row is None:
        session.add(wanted)
        return
    row.name, row.role, row.created_by = wanted.name, wanted.role, wanted.created_by
    row.revoked_at = None
