"""The first admin's token: from the configuration, or made and told once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from control_api.auth.service import AuthService
from control_api.auth.tokens import new_token
from leitstand import atomicfile
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
        atomicfile.write_private(file, f"{secret}\n")
    except OSError as error:
        raise ConfigError(
            f"control_api.state: {file} cannot be written ({error.strerror}); "
            "name another folder, or give control_api.admin_token"
        ) from None
    return file
