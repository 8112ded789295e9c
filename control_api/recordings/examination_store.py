"""Recordings whose files are to be examined, in the database.

Every change names the state that it starts from: of two processes that examine the same file one
has its say, and nothing is reported twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.library.attempts import Attempts
from control_api.recorder.recording import State
from control_api.recordings.tables import RecordingRow

_KEY = "examination"
_OVER = (State.FINISHED, State.DAMAGED)
_NEWEST = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the examination of a file came to. `duration` is None where the file does not say;
    `folder` is the inode of its folder."""

    state: State
    reason: str = ""
    duration: float | None = None
    folder: int | None = None


def attempts_of(row: RecordingRow) -> Attempts:
    """The failed attempts since the recording ended, or since an operator asked for another."""
    return Attempts.from_stored(row.extra.get(_KEY))


def reason_of(row: RecordingRow) -> str:
    """Why a recording is damaged, or why it was not examined yet."""
    return str((row.extra.get(_KEY) or {}).get("reason", ""))


class ExaminationStore:
    """The queries of `Examination`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def checking(self) -> Sequence[RecordingRow]:
        """All that are to be examined, oldest first."""
        query = select(RecordingRow).where(RecordingRow.state == State.CHECKING)
        with self._database.reading() as session:
            return session.scalars(query.order_by(RecordingRow.id)).all()

    def get(self, recording_id: int) -> RecordingRow | None:
        with self._database.reading() as session:
            return session.get(RecordingRow, recording_id)

    def folder_of(self, file: Path, studio: str) -> int | None:
        """The inode that the folder of a file had when a recording in it was last examined."""
        query = select(RecordingRow).filter_by(studio=studio, state=str(State.FINISHED))
        query = query.order_by(RecordingRow.id.desc()).limit(_NEWEST)
        with self._database.reading() as session:
            rows = session.scalars(query).all()
        here = [row for row in rows if row.file and Path(row.file).parent == file.parent]
        inodes = (row.extra.get(_KEY, {}).get("folder") for row in here)
        return next((inode for inode in inodes if inode is not None), None)

    def settle(self, recording_id: int, verdict: Verdict) -> bool:
        """Keep a verdict; False if the recording is not to be examined any longer."""
        noted = {"reason": verdict.reason, "folder": verdict.folder}
        values: dict[str, Any] = {"state": str(verdict.state)}
        if verdict.duration is not None:
            values["duration"] = verdict.duration
        with self._database.begin() as session:
            return _change(session, recording_id, (State.CHECKING,), noted, values)

    def postpone(self, recording_id: int, attempts: Attempts) -> bool:
        """Note an attempt that failed; the recording is still to be examined."""
        with self._database.begin() as session:
            return _change(session, recording_id, (State.CHECKING,), attempts.stored, {})

    def reopen(self, recording_id: int, attempts: Attempts) -> bool:
        """Have one that is over, or is being examined, examined again; False for any other."""
        values = {"state": str(State.CHECKING)}
        states = (*_OVER, State.CHECKING)
        with self._database.begin() as session:
            return _change(session, recording_id, states, attempts.stored, values)


def _change(
    session: Session,
    recording_id: int,
    states: Sequence[State],
    noted: dict[str, Any],
    values: dict[str, Any],
) -> bool:
    row = session.get(RecordingRow, recording_id)
    if row is None:
        return False
    changed = session.execute(
        update(RecordingRow)
        .where(RecordingRow.id == recording_id, RecordingRow.state.in_(states))
        .values(extra={**row.extra, _KEY: noted}, **values)
        .returning(RecordingRow.id)
    )
    return changed.first() is not None
