"""The first admin's token: from the configuration, or made and told once."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from control_api.auth.service import AuthService
from control_api.auth.tokens import new_token
from leitstand.config import ConfigError

logger = logging.getLogger(__name__)

FILE = "admin.token"
Tell = Callable[[str], object]


def terminal() -> Tell | None:
    """What writes to the person who started this, if one is there to read it."""
    return sys.stderr.write if sys.stdin.isatty() and sys.stderr.isatty() else None


def ensure_admin(
    auth: AuthService, configured: SecretStr | None, state: Path, tell: Tell | None
) -> None:
    """Bring the configured token in step. If nobody is an admin then, make one.

    Its token is told by `tell`, or else kept in `state`. Raises ConfigError if it cannot be.
    """
    auth.configure(configured.get_secret_value() if configured else None)
    if auth.has_admin():
        return
    secret = new_token()
    # Told before it is kept: else one that was never told would stand in the way of the next.
    if tell is not None:
        tell(f"\nThe admin's token, shown this once:\n\n    {secret}\n\n")
    else:
        logger.warning("the admin's token is in %s", _put(secret, state))
    auth.add_admin(secret)


def _put(secret: str, state: Path) -> Path:
    file = state / FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        _write(file, secret)
    except OSError as error:
        raise ConfigError(
            f"control_api.state: {file} cannot be written ({error.strerror}); "
            "name another folder, or give control_api.admin_token"
        ) from None
    return file


def _write(file: Path, secret: str) -> None:
    """All of it or nothing, and for nobody else to read."""
    beside = file.with_name(f".{file.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(f"{secret}\n")
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
