"""What is looked at: each function makes one Check."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from control_api.database import Database
from control_api.errors import ApiError
from control_api.health.service import Check, Health
from control_api.studios.studio import Studio

_OBS_SECONDS = 0.8
_MIB = 1024**2
_LATE_SECONDS = 10.0


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


def database(database: Database) -> Check:
    def look() -> Health:
        try:
            with database.reading() as session:
                session.execute(text("SELECT 1 FROM events LIMIT 1"))
        except SQLAlchemyError as error:
            return Health(False, f"cannot be read ({type(error).__name__})")
        return Health(True, "can be read")

    return Check("database", look, vital=True)


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
