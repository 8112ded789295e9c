"""Writes entries of the outbox into the database, each as often as it is sent with one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from control_api.audit.tables import AuditRow
from control_api.events.tables import EventRow
from control_api.recorder.recording import Recording, State
from control_api.recorder.records import (
    AuditRecord,
    EventRecord,
    Extended,
    Forgotten,
    Looked,
    Overridden,
)
from control_api.recorder.runs import Run
from control_api.recordings.tables import ExtensionRow, HeartbeatRow, OverrideRow, RecordingRow
from control_api.schedules.tables import RunRow

_OVER = (State.FINISHED, State.DAMAGED)


def write(session: Session, item: Any) -> None:
    """Insert or update the row of an item."""
    _WRITERS[type(item)](session, item)


def row_of(session: Session, uid: str) -> int | None:
    """The id of a recording's row."""
    return session.scalar(select(RecordingRow.id).where(RecordingRow.uid == uid))


def _recording(session: Session, item: Recording) -> None:
    row = session.scalar(select(RecordingRow).where(RecordingRow.uid == item.uid))
    if row is None and item.row is not None:
        # One that a version before this one began: it had a number and no identity.
        row = session.get(RecordingRow, item.row)
        if row is not None and row.uid is not None:
            # An older copy of the database gave the number to another one.
            row = None
    if row is None:
        row = RecordingRow(uid=item.uid, extra={})
        session.add(row)
    # The file may have been examined already, and nothing that is sent late undoes that.
    examined = (row.state, row.duration) if row.state in _OVER else None
    for name, value in _columns(item).items():
        setattr(row, name, value)
    row.uid = item.uid
    row.state, row.duration = examined or (str(item.state), item.duration)
    session.flush()
    row.evening = _evening(session, item, row)
    item.row, item.evening_row = row.id, row.evening


def _columns(item: Recording) -> dict[str, Any]:
    return {
        "studio": item.studio,
        "origin": str(item.origin),
        "title": item.title,
        "who": item.by or item.reason.text,
        "obs_path": item.obs_path,
        "file": item.file,
        "started_at": item.started_at,
        "ended_at": item.ended_at,
        "seen_at": item.seen_at,
        "duration": item.duration,
        "bytes": item.bytes,
        "anchors": [list(anchor) for anchor in item.anchors],
        "reason": item.reason.text,
        "reason_code": str(item.reason_code),
        "reason_params": dict(item.reason_params),
        "schedule_ids": list(item.schedule_ids),
        "stop_wanted": item.stop_wanted,
    }


def _evening(session: Session, item: Recording, row: RecordingRow) -> int | None:
    if item.evening is None:
        return row.evening
    return row_of(session, item.evening) or row.id


def _forgotten(session: Session, item: Forgotten) -> None:
    session.execute(delete(RecordingRow).where(RecordingRow.uid == item.uid))


def _run(session: Session, item: Run) -> None:
    same = select(RunRow).where(RunRow.schedule_id == item.schedule_id)
    row = session.scalar(same.where(RunRow.date == item.date))
    row = row or session.scalar(same.where(RunRow.start == item.start))
    if row is None:
        row = RunRow(schedule_id=item.schedule_id, start=item.start)
        session.add(row)
    row.studio, row.title, row.end, row.date = item.studio, item.title, item.end, item.date
    row.outcome, row.recorded_seconds = str(item.outcome), item.recorded_seconds
    row.accounted_until = item.accounted_until
    row.gaps = stored_gaps(item)


def stored_gaps(item: Run) -> list[dict[str, Any]]:
    """The gaps of a run as its row has them."""
    return [
        {
            "start": gap.start,
            "end": gap.end,
            "code": str(gap.code),
            "params": dict(gap.params),
            "reason": gap.reason.text,
        }
        for gap in item.gaps
    ]


def _event(session: Session, item: EventRecord) -> None:
    if session.scalar(select(EventRow.id).where(EventRow.uid == item.uid)) is not None:
        return
    data = dict(item.data)
    if uid := data.get("uid"):
        data["recording_id"] = row_of(session, uid)
    if item.count > 1:
        data["count"] = item.count
    session.add(
        EventRow(
            uid=item.uid,
            time=item.time,
            kind=str(item.kind),
            studio=item.studio,
            message=item.message,
            data=data,
        )
    )


def _override(session: Session, item: Overridden) -> None:
    session.execute(delete(OverrideRow).where(OverrideRow.studio == item.studio))
    if (override := item.override) is not None:
        session.add(
            OverrideRow(
                studio=item.studio,
                kind=str(override.want),
                since=override.since,
                until=override.until,
                who=override.by,
                title=override.title,
                windows=[list(key) for key in override.windows],
            )
        )


def _extended(session: Session, item: Extended) -> None:
    session.execute(delete(ExtensionRow).where(ExtensionRow.studio == item.studio))
    session.add_all(
        ExtensionRow(
            schedule_id=each.schedule_id,
            date=each.date,
            studio=item.studio,
            until=each.until,
            who=each.by,
        )
        for each in item.extensions
    )


def _audit(session: Session, item: AuditRecord) -> None:
    if session.scalar(select(AuditRow.id).where(AuditRow.uid == item.uid)) is not None:
        return
    session.add(
        AuditRow(
            uid=item.uid,
            time=item.time,
            who=item.who,
            role=item.role,
            address=item.address,
            action=item.action,
            status=item.status,
            detail=dict(item.detail),
        )
    )


def _looked(session: Session, item: Looked) -> None:
    session.merge(HeartbeatRow(studio=item.studio, at=item.at))


_WRITERS: Mapping[type, Callable[[Session, Any], None]] = {
    Recording: _recording,
    Forgotten: _forgotten,
    Run: _run,
    EventRecord: _event,
    Overridden: _override,
    Extended: _extended,
    AuditRecord: _audit,
    Looked: _looked,
}
