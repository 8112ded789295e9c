"""Takes what was recorded into a file that cannot be used out of the accounts of its windows.

A run that is closed says "recorded" of the time that the recorder saw growing in OBS. Only the
examination of the file tells whether that can be seen again; if it does at a later one, the
account gets it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from control_api.database import Database
from control_api.recorder.database_rows import stored_gaps
from control_api.recorder.recording import State
from control_api.recorder.runs import Run, run_of
from control_api.recordings.examination_store import reason_of
from control_api.recordings.reasons import Code, Reason
from control_api.recordings.tables import RecordingRow
from control_api.schedules.runs import TOLERANCE_SECONDS, Outcome
from control_api.schedules.tables import RunRow

_OVER = (State.FINISHED, State.DAMAGED)
_LONGEST_RUN_SECONDS = 4 * 86_400.0


@dataclass(frozen=True, slots=True)
class Lost:
    """A run, as it is now, that lacks more than was known."""

    run: Run
    seconds: float


class LostFiles:
    """The accounts of the windows in which a recording was made, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unaccounted(self, since: float) -> Sequence[int]:
        """Damaged recordings begun since then that a closed run has as recorded."""
        query = select(RecordingRow).filter_by(state=str(State.DAMAGED))
        with self._database.reading() as session:
            rows = session.scalars(query.where(RecordingRow.started_at > since)).all()
            return [row.id for row in rows if any(_changes(session, row))]

    def correct(self, recording_id: int) -> Sequence[Lost]:
        """Have all closed runs say what the examination came to; those that lost by it."""
        lost: list[Lost] = []
        with self._database.begin() as session:
            row = session.get(RecordingRow, recording_id)
            changes = [] if row is None or row.state not in _OVER else _changes(session, row)
            for run_row, run in changes:
                seconds = run_row.recorded_seconds - run.recorded_seconds
                run_row.gaps, run_row.outcome = stored_gaps(run), str(run.outcome)
                run_row.recorded_seconds = run.recorded_seconds
                if seconds > TOLERANCE_SECONDS:
                    lost.append(Lost(run, seconds))
        return lost


def _changes(session: Session, row: RecordingRow) -> list[tuple[RunRow, Run]]:
    """The closed runs of a recording's time that do not say yet what became of its file."""
    changes = []
    for run_row in _runs(session, row):
        run = _corrected(run_of(run_row), row)
        if stored_gaps(run) != run_row.gaps:
            changes.append((run_row, run))
    return changes


def _runs(session: Session, row: RecordingRow) -> Sequence[RunRow]:
    query = select(RunRow).where(
        RunRow.studio == row.studio,
        RunRow.outcome != str(Outcome.RUNNING),
        RunRow.start < _ended_at(row),
        RunRow.start > row.started_at - _LONGEST_RUN_SECONDS,
        RunRow.end > row.started_at,
    )
    return session.scalars(query.order_by(RunRow.id)).all()


def _corrected(run: Run, row: RecordingRow) -> Run:
    uid = row.uid or str(row.id)
    run.regain(uid)
    if row.state == State.DAMAGED:
        reason = Reason(Code.FILE_UNUSABLE, {"detail": reason_of(row), "uid": uid})
        run.lose(row.started_at, _ended_at(row), reason)
    run.close()
    return run


def _ended_at(row: RecordingRow) -> float:
    return row.seen_at if row.ended_at is None else row.ended_at
