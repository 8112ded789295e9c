"""Checks of the database: can it be written, by the recorder or by this user."""

from __future__ import annotations

import os

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from control_api.database import Database, sqlite_file
from control_api.database_faults import DatabaseFault
from control_api.recorder.database_link import reason_of
from control_api.recorder.status import StorageStatus
from leitstand.config import ConfigError
from leitstand.doctor.finding import Finding, in_time

_SUBJECT = "control_api.database"
_BUSY_SECONDS = 3.0
_ADVICE = "make room, mount its disk for writing, let its user write there, or start its server"


def check(url: str, storage: StorageStatus | None) -> Finding:
    """Whether it can be written: by the recorder, which tries all the time, if that answers."""
    if storage is not None:
        if storage.database is None:
            return Finding(_SUBJECT, True, "the recorder can write it")
        seen = f"the recorder cannot write it: {storage.database}"
        return Finding(_SUBJECT, False, seen, _ADVICE)
    file = sqlite_file(make_url(url))
    # A file that is not there must not be made.
    if file is not None and not in_time(lambda: os.path.exists(file)):
        advice = (
            "start `leitstand api`, which makes it; if there was one, put it back from a backup "
            "and restart Leitstand"
        )
        return Finding(_SUBJECT, False, f"there is no {file}, or it does not answer", advice)
    refusal = in_time(lambda: _refusal(url))
    if refusal is None:
        return Finding(_SUBJECT, False, "does not answer", "see that its server or disk does")
    if refusal:
        return Finding(_SUBJECT, False, refusal, _ADVICE)
    return Finding(_SUBJECT, True, "can be written")


class _Undo(Exception):
    """What was written is not to stay."""


def _refusal(url: str) -> str:
    """That it cannot be written, and why; empty if it can."""
    database = None
    try:
        database = Database(url, busy_seconds=_BUSY_SECONDS, may_use_reserve=False)
        with database.begin() as session:
            # On a read-only disk a transaction begins, and fails at its first change.
            session.execute(text("UPDATE alembic_version SET version_num = version_num"))
            raise _Undo
    except _Undo:
        return ""
    except DatabaseFault as error:
        return error.sentence
    except (SQLAlchemyError, OSError) as error:
        return f"cannot be written: {reason_of(error)}"
    except ConfigError as error:
        return str(error).removeprefix(f"{_SUBJECT}: ")
    finally:
        if database is not None:
            database.close()
