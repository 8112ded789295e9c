"""Tokens and cookies: how they are made, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32
_PREFIX = "lst_"


def new_token() -> str:
    """256 random bits; the prefix tells who finds it what it opens."""
    return f"{_PREFIX}{secrets.token_urlsafe(_BYTES)}"


def new_cookie() -> str:
    return secrets.token_urlsafe(_BYTES)


def fingerprint(secret: str) -> str:
    """What is kept. A fast hash, since nobody can guess 256 bits.

    Secrets are only ever looked up by it: how long that takes says nothing about the secret.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
