"""Tokens by command, on the configured database, whether the service runs or not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from control_api.auth.access import Role
from control_api.auth.service import AuthService, Token
from control_api.auth.shapes import TokenRequest
from control_api.auth.store import AuthStore
from control_api.clock import SystemClock, local
from control_api.errors import ApiError
from control_api.migrations.migrate import opened_by_command
from leitstand import atomicfile
from leitstand.config import Config, ConfigError

_LINE = "{:>5}  {:<9} {:<32} {:<17} {}"


def list_tokens(config: Config) -> str:
    """A table of every token. Raises ConfigError, as all here."""
    with _auth(config) as auth:
        rows = [_LINE.format("ID", "ROLE", "NAME", "LAST USED (UTC)", "STATE")]
        return "\n".join([*rows, *(_row(token) for token in auth.tokens())])


def create_token(config: Config, name: str, role: str) -> str:
    """The new token itself, to be shown once."""
    _check(name, role)
    with _auth(config) as auth:
        return auth.create(name, Role[role.upper()], "command").secret


def _check(name: str, role: str) -> None:
    if role.upper() not in Role.__members__:
        raise ConfigError(f"--role: {role!r} is not one of {', '.join(map(str, Role))}")
    try:
        TokenRequest.model_validate({"name": name, "role": role.lower()})
    except ValidationError:
        raise ConfigError(
            f"NAME: {name[:80]!r} must be letters, digits, spaces and _.@-, at most 63"
        ) from None


def keep_token(config: Config, name: str, role: str, file: Path) -> str:
    """See to it that this file holds a token of that name and role; a good one stays.

    Answers a sentence. Raises ConfigError.
    """
    _check(name, role)
    try:
        held = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        with _auth(config) as auth:
            secret = auth.kept(held, name, Role[role.upper()])
            if secret != held:
                atomicfile.write_private(file, f"{secret}\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"--output: {file} cannot be used ({reason})") from None
    return f"{file} holds a token of {name} ({role.lower()})"


def revoke_token(config: Config, id: int) -> str:
    """A sentence that says which one was revoked."""
    with _auth(config) as auth:
        token = auth.revoke(id)
        return f"{token.name} (token {token.id}, {token.role}) is revoked"


@contextlib.contextmanager
def _auth(config: Config) -> Iterator[AuthService]:
    database = opened_by_command(config.control_api.database_url)
    try:
        yield AuthService(AuthStore(database), SystemClock())
    except ApiError as error:
        raise ConfigError(error.detail) from None
    finally:
        database.close()


def _row(token: Token) -> str:
    used = "never" if token.last_used_at is None else _text(local(token.last_used_at))
    state = "in use" if token.revoked_at is None else f"revoked {_text(local(token.revoked_at))}"
    return _LINE.format(token.id, str(token.role), token.name, used, state)


def _text(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
