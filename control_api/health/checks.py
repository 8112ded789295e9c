"""What is looked at: each function makes one Check."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from control_api.clock import local
from control_api.errors import ApiError
from control_api.health.fresh_database import MESSAGE, FreshDatabase
from control_api.health.service import Check, Health
from control_api.recorder.database_link import Busy, DatabaseLink, Unusable
from control_api.recorder.plan_source import mark_written
from control_api.recordings.reasons import Severity
from control_api.recordings.recorder_client import RecorderClient
from control_api.studios.studio import Studio

_OBS_SECONDS = 0.8
_MIB = 1024**2
_LATE_SECONDS = 10.0
_DATABASE_SECONDS = 0.8
_BUSY_SECONDS = 3.0
"""Other writers may hold the lock for so long on a busy machine: that is no fault as yet."""


def obs(studio: Studio) -> Check:
    def look() -> Health:
        try:
            answer = studio.request("GetVersion", timeout=_OBS_SECONDS)
        except ApiError as error:
            return Health(False, error.detail)
        return Health(True, f"OBS {answer.get('obsVersion', '')} answers")

    return Check(f"obs {studio.name}", look, studio=studio.name)


def recordings(studio: Studio, least: Callable[[], float]) -> Check:
    """The folder that OBS records into, by our own eyes where we see it; `least` is in bytes."""
    folder = studio.recordings
    if folder is not None:
        return disk(f"disk {studio.name}", folder, least, studio=studio.name)

    def look() -> Health:
        try:
            mib = studio.request("GetStats", timeout=_OBS_SECONDS)["availableDiskSpace"]
        except ApiError as error:
            return Health(False, error.detail)
        except KeyError:
            return Health(False, "OBS does not say how much is free")
        # What OBS says of a folder that is gone, too.
        if mib <= 0:
            return Health(False, "OBS's recording folder is full, or not there")
        return _enough(mib * _MIB, least())

    return Check(f"disk {studio.name}", look, studio=studio.name)


def disk(name: str, folder: Path, least: Callable[[], float], studio: str | None = None) -> Check:
    """A folder: there, and with at least that many bytes free."""

    def look() -> Health:
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return Health(False, f"{folder} cannot be looked at ({error.strerror})")
        return _enough(free, least())

    return Check(name, look, studio=studio)


def library(folder: Path) -> Check:
    """The folder of videos: there, and ours to read and change."""

    def look() -> Health:
        if not folder.is_dir():
            return Health(False, f"{folder} is not a folder")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return Health(False, f"{folder} may not be read and written")
        return Health(True, "can be read and written")

    return Check("library", look)


def database(url: str) -> Check:
    """The database takes what is written, and is still the file that was opened."""
    link = DatabaseLink(url, busy_seconds=_DATABASE_SECONDS)
    written_at = float("-inf")

    def look() -> Health:
        nonlocal written_at
        try:
            link.check()
            with link.writing() as session:
                mark_written(session)
        except Unusable as error:
            was_written = time.monotonic() - written_at <= _BUSY_SECONDS
            if isinstance(error, Busy) and was_written:
                return Health(True, f"was written a moment ago, and is locked now ({error})")
            return Health(False, f"cannot be written ({error})")
        written_at = time.monotonic()
        return Health(True, "can be written")

    return Check("database", look, vital=True)


def recorder(client: RecorderClient) -> Check:
    """A recorder answers and looks after every studio, of this host or of another."""

    def look() -> Health:
        status = client.status
        if status is None:
            away = client.away
            return Health(False, away.reason if away else "has not answered yet")
        if status.idle > _LATE_SECONDS:
            return Health(False, f"has looked after no studio for {status.idle:.0f} s")
        if client.unattended:
            return Health(False, f"none answers for studio {', '.join(client.unattended)}")
        if client.is_own_away:
            return Health(True, f"runs on {status.host}; none answers on this host")
        return Health(True, "runs")

    return Check("recorder", look, vital=True)


def journal(client: RecorderClient) -> Check:
    """What the recorder has to keep reaches a disk, and from there the database."""

    def look() -> Health:
        status = client.status
        if status is None:
            return Health(False, "is not known: the recorder does not answer")
        storage = status.storage
        if storage.journal is not None:
            return Health(False, f"cannot be written ({storage.journal}); kept in memory")
        if storage.database is not None:
            since = local(storage.database_since or 0.0).isoformat(timespec="seconds")
            return Health(
                False,
                f"{storage.pending} entries wait for the database since {since} "
                f"({storage.database})",
            )
        return Health(True, "can be written")

    return Check("journal", look)


def studio(client: RecorderClient, name: str) -> Check:
    """The recorder looks after the studio, and nothing keeps it from recording."""

    def look() -> Health:
        if client.status is None:
            return Health(False, "is not known: the recorder does not answer")
        status = client.studio(name)
        if status is None:
            return Health(False, f"the recorder does not look after studio {name}")
        for fault in status.faults:
            if fault.reason.severity is Severity.CRITICAL:
                return Health(False, fault.reason.text)
        return Health(True, "nothing keeps it from recording")

    return Check(f"studio {name}", look, studio=name)


def schedules(fresh: FreshDatabase) -> Check:
    """The database is not one that replaced a lost one, without the schedules that there were."""

    def look() -> Health:
        return Health(False, MESSAGE) if fresh.is_fresh else Health(True, "are not lost")

    return Check("schedules", look, vital=True)


def scheduler(is_running: Callable[[], bool], idle: Callable[[], float] = lambda: 0.0) -> Check:
    """`idle` is for how many seconds nobody has compared what should and what does record."""

    def look() -> Health:
        if not is_running():
            return Health(False, "does not run")
        late = idle()
        if late > _LATE_SECONDS:
            return Health(False, f"has done nothing for {late:.0f} s")
        return Health(True, "runs")

    return Check("scheduler", look, vital=True)


def _enough(free: float, least: float) -> Health:
    said = f"{free / 1e9:.1f} GB free"
    if free < least:
        return Health(False, f"only {said}; at least {least / 1e9:.1f} GB should be")
    return Health(True, said)
