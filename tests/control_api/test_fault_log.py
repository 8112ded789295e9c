"""Faults of the surroundings are logged once, mistakes every time."""

from __future__ import annotations

import errno
import logging
import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from control_api.database_faults import DiskFull
from control_api.errors import Unavailable
from control_api.fault_log import FaultLog

FULL = DiskFull(
    "disk full: 0 bytes free on the file system of the database", sqlite3.OperationalError("full")
)


def failing(error: Exception | None) -> None:
    if error is not None:
        raise error


def test_each_fault_is_logged_when_it_begins_and_when_all_is_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = FaultLog(logging.getLogger("test"))
    gone = OSError(errno.EIO, "Input/output error")
    away = OperationalError("SELECT secret", {"secret": 1}, Exception("secret"))
    with caplog.at_level(logging.INFO, "test"):
        for error in (FULL, FULL, gone, gone, away, Unavailable("the folder is away"), None, None):
            log.run("retention", lambda error=error: failing(error))  # type: ignore[misc]
        log.run("another", lambda: failing(FULL))
    assert caplog.messages == [
        f"retention: {FULL.sentence}",
        "retention: [Errno 5] Input/output error",
        "retention: the database does not answer; try again",
        "retention: the folder is away",
        "retention: works again",
        f"another: {FULL.sentence}",
    ]


@pytest.mark.parametrize("error", [KeyError("x"), IntegrityError("INSERT", {}, Exception("x"))])
def test_a_mistake_goes_on(error: Exception) -> None:
    with pytest.raises(type(error)):
        FaultLog(logging.getLogger("test")).run("retention", lambda: failing(error))
