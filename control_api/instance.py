"""This process of the control API: its identity, and the locks that keep a second one away."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import make_url

from leitstand.config import ConfigError, ControlApiConfig
from leitstand.exclusive import ExclusiveFile, Taken

LOCK = "api.lock"


class Instance:
    """Holds the state folder, and a SQLite database, for as long as it runs.

    `is_alone`: no other process of the control API uses this database.
    """

    def __init__(self, config: ControlApiConfig) -> None:
        """Raises ConfigError that names the process that holds one of them."""
        self.identity = secrets.token_hex(8)
        self._state = _locked(config.state, config.state / LOCK, "state", self.identity)
        database = sqlite_file(config.database_url)
        self._database: ExclusiveFile | None = None
        if database is not None:
            lock = database.with_name(f"{database.name}.{LOCK}")
            self._database = _locked(database, lock, "database", self.identity)
        self.is_alone = self._database is not None

    def has_ended(self, owner: str | None) -> bool:
        """Whether the process with this identity certainly does not run any more."""
        if owner == self.identity:
            return False
        previous = self._state.previous
        return self.is_alone or (previous is not None and previous.identity == owner)

    def release(self) -> None:
        for lock in (self._database, self._state):
            if lock is not None:
                lock.release()


def sqlite_file(url: str) -> Path | None:
    """The file behind the URL, under one name however it is reached."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database)).resolve()


def _locked(what: Path, file: Path, key: str, identity: str) -> ExclusiveFile:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return ExclusiveFile(file, identity)
    except Taken as holder:
        raise ConfigError(
            f"control_api.{key}: {what} is in use by another leitstand api ({holder}); "
            f"stop that one, or {_WAYS_OUT[key]}"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"control_api.{key}: {file} cannot be locked ({error.strerror})"
        ) from None


_WAYS_OUT = {
    "state": "give this one a state folder of its own",
    "database": "name another one here; two at once need PostgreSQL and a state folder each",
}
