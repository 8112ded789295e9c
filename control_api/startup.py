"""Starts the control API as soon as its database can be used."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from control_api.bootstrap import ControlApi
from control_api.database_away import DatabaseAway
from control_api.migrations.migrate import opened
from leitstand import watchdog
from leitstand.config import Config

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 1.0
_BUSY_SECONDS = 1.0
_PATIENCE_SECONDS = 30
TRY_AGAIN = 75
"""The exit code that asks for another start: EX_TEMPFAIL of sysexits.h."""


def started(config: Config, stop: threading.Event) -> ControlApi | None:
    """The running service; None if `stop` was set while the database was away.

    Raises ConfigError, or SystemExit if the database goes away in the middle.
    """
    if not _wait_for_database(config.control_api.database_url, stop):
        return None
    try:
        service = ControlApi(config)
        service.start()
    except (DatabaseAway, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).split("\n")[0]
        logger.warning("the database went away during the start (%s)", reason)
        raise SystemExit(TRY_AGAIN) from None
    return service


def _wait_for_database(url: str, stop: threading.Event) -> bool:
    """Wait until it can be used; False if `stop` was set first. Raises ConfigError."""
    is_reported = False
    while not stop.is_set():
        try:
            opened(url, busy_seconds=_BUSY_SECONDS).close()
        except DatabaseAway as error:
            if not is_reported:
                logger.warning("%s; waiting until it can be used", error)
            is_reported = True
            watchdog.still_starting(_PATIENCE_SECONDS)
            stop.wait(_AGAIN_SECONDS)
        else:
            if is_reported:
                logger.info("the database can be used")
            return True
    return False
