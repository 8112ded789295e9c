"""Rows of recordings, as the recorder writes them, for tests of what reads them."""

from __future__ import annotations

import uuid
from typing import Any

from control_api.database import Database
from control_api.recordings.tables import RecordingRow


def recording_row(studio: str, started_at: float, **columns: Any) -> RecordingRow:
    """A recording that somebody started in OBS itself, with other values for some columns."""
    values: dict[str, Any] = {
        "uid": uuid.uuid4().hex,
        "studio": studio,
        "origin": "foreign",
        "title": "",
        "who": "somebody in OBS itself",
        "state": "starting",
        "started_at": started_at,
        "seen_at": started_at,
        "duration": 0.0,
        "bytes": 0.0,
        "anchors": [],
        "reason": "started by somebody in OBS itself",
        "schedule_ids": [],
        "stop_wanted": False,
        "extra": {},
    }
    return RecordingRow(**values | columns)


def save(database: Database, row: RecordingRow) -> None:
    """Insert or update; the id is there afterwards."""
    with database.begin() as session:
        merged = session.merge(row)
        session.flush()
        row.id = merged.id
