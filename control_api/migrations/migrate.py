"""Opens a database with this version's tables.

Apart from `control_api.database`, as Alembic takes memory that the recorder does not need.
"""

from __future__ import annotations

import time
from pathlib import Path

import alembic.command
import alembic.config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from control_api.database import BUSY_SECONDS, Database, sqlite_file
from control_api.database_away import DatabaseAway, is_passing
from control_api.instance import LOCK
from leitstand.config import ConfigError
from leitstand.exclusive import Holder, holder_of

_MAKING_SECONDS = 5.0
"""A control API that has only just started needs a moment to make the file."""
_AGAIN_SECONDS = 0.2


def migrate(database: Database) -> None:
    """Bring the tables to this version's shape; writes nothing where they are."""
    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    newest = set(ScriptDirectory.from_config(settings).get_heads())
    with database.reading() as session:
        found = MigrationContext.configure(session.connection()).get_current_heads()
    if set(found) == newest:
        return
    with database.engine.connect() as connection:
        settings.attributes["connection"] = connection
        alembic.command.upgrade(settings, "head")


def opened_by_command(url: str) -> Database:
    """The same, beside a service or without one. Raises ConfigError also where its file is gone.

    One that is missing is made only where no control API runs: that one has another file open.
    """
    file = sqlite_file(make_url(url))
    if file is not None:
        until = time.monotonic() + _MAKING_SECONDS
        while (holder := _service_without_file(file)) is not None:
            if time.monotonic() >= until:
                raise ConfigError(
                    f"control_api.database: {file} is gone, but leitstand api ({holder}) runs on "
                    "it; put the file back, or restart leitstand api, which makes a new one and "
                    "gets the schedules from the recorder"
                )
            time.sleep(_AGAIN_SECONDS)
    return opened(url)


def _service_without_file(file: Path) -> Holder | None:
    """The process of the control API that runs on this file, if the file is not there."""
    lock = file.resolve().with_name(f"{file.resolve().name}.{LOCK}")
    return None if file.exists() else holder_of(lock)


def opened(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Database:
    """The database behind the URL, migrated. Raises ConfigError that does not tell its password.

    DatabaseAway, which is one too, if it may work later.
    """
    database = None
    try:
        database = Database(url, busy_seconds=busy_seconds)
        migrate(database)
    except (SQLAlchemyError, OSError) as error:
        if database is not None:
            database.close()
        raise _translated(error, make_url(url)) from None
    return database


def _translated(error: Exception, url: URL) -> ConfigError:
    reason = str(getattr(error, "orig", None) or type(error).__name__).strip().split("\n")[0]
    kind = DatabaseAway if is_passing(error, sqlite_file(url)) else ConfigError
    shown = url.render_as_string(hide_password=True)
    return kind(f"control_api.database: {shown} cannot be opened ({reason})")
