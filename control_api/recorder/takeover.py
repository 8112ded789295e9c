"""What a recorder without a journal goes on with: what the database knows of each studio.

That is so after an upgrade from a version that had no recorder, or after the journal was lost.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from control_api.recorder.database_link import DatabaseLink, Missing, Unusable
from control_api.recorder.desired_state import Override, Want
from control_api.recorder.ownership import Ownership
from control_api.recorder.plan import Extension
from control_api.recorder.recording import Origin, Recording, State
from control_api.recorder.runs import Run, run_of
from control_api.recordings.reasons import Code
from control_api.recordings.tables import ExtensionRow, HeartbeatRow, OverrideRow, RecordingRow
from control_api.schedules.runs import Outcome
from control_api.schedules.tables import RunRow, ScheduleRow

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 30.0
"""Nothing is known without an answer, and a recording that runs would be taken for a foreign one.

On a busy machine bringing the tables of an earlier version up to date takes more than a few.
"""
_RUNNING = (State.STARTING, State.RECORDING, State.STOPPING)


def from_database(url: str, studios: Sequence[str]) -> dict[str, Any]:
    """The journal's content as far as the database has it; empty if that does not answer soon."""
    found: dict[str, Any] = {}
    done = threading.Event()

    def read() -> None:
        link = DatabaseLink(url)
        try:
            link.check()
            with link.reading() as session:
                for studio in studios:
                    found.update(studio_state(session, studio))
        except Missing:
            # The first start.
            found.clear()
        except Unusable as error:
            logger.warning("what ran before is not known: the database cannot be read (%s)", error)
        finally:
            link.close()
            done.set()

    threading.Thread(target=read, name="takeover", daemon=True).start()
    return found if done.wait(_WAIT_SECONDS) else {}


def acquire(url: str, ownership: Ownership) -> None:
    """Ask for the leases of all studios; what was known stays if the database does not answer."""
    done = threading.Event()

    def ask() -> None:
        link = DatabaseLink(url)
        try:
            link.check()
            with link.writing() as session:
                found = ownership.renew(session)
            ownership.note(found)
        except Unusable as error:
            logger.warning("who controls the studios is not known (%s)", error)
        finally:
            link.close()
            done.set()

    threading.Thread(target=ask, name="leases", daemon=True).start()
    done.wait(_WAIT_SECONDS)


def studio_state(session: Session, studio: str) -> dict[str, Any]:
    """The journal's content for one studio, as far as the database has it."""
    values: dict[str, Any] = {
        "looked_at": _heartbeat(session, studio),
        "override": _override(session, studio),
        "extensions": _extensions(session, studio),
        "current": _newest(session, studio, _RUNNING),
        "last": _newest(session, studio, ()),
    }
    values |= {f"run/{run.schedule_id}/{run.date}": run for run in _runs(session, studio)}
    return {
        f"studio/{studio}/{name}": msgspec.to_builtins(value)
        for name, value in values.items()
        if value is not None
    }


def _heartbeat(session: Session, studio: str) -> float | None:
    row = session.get(HeartbeatRow, studio)
    return row.at if row else None


def _override(session: Session, studio: str) -> Override | None:
    row = session.get(OverrideRow, studio)
    if row is None:
        return None
    windows = tuple((int(number), str(day)) for number, day in row.windows or ())
    return Override(Want(row.kind), row.since, row.until, row.who, row.title, windows)


def _extensions(session: Session, studio: str) -> list[Extension] | None:
    rows = session.scalars(select(ExtensionRow).filter_by(studio=studio))
    return [Extension(row.schedule_id, row.date, row.until, row.who) for row in rows] or None


def _newest(session: Session, studio: str, states: Sequence[State]) -> Recording | None:
    query = select(RecordingRow).where(RecordingRow.studio == studio)
    if states:
        query = query.where(RecordingRow.state.in_(states))
    row = session.scalar(query.order_by(RecordingRow.id.desc()).limit(1))
    return None if row is None else _recording(session, row)


def _recording(session: Session, row: RecordingRow) -> Recording:
    origin = Origin(row.origin)
    code = {Origin.MANUAL: Code.STARTED_BY, Origin.SCHEDULE: Code.SCHEDULED}.get(origin)
    params = {"by": row.who, "title": row.title} if code else {}
    return Recording(
        uid=row.uid or uuid.uuid4().hex,
        row=row.id,
        studio=row.studio,
        origin=origin,
        state=State(row.state),
        started_at=row.started_at,
        seen_at=row.seen_at,
        title=row.title,
        by=row.who,
        reason_code=Code(row.reason_code) if row.reason_code else code or Code.STARTED_IN_OBS,
        reason_params=row.reason_params or params,
        obs_path=row.obs_path,
        file=row.file,
        ended_at=row.ended_at,
        duration=row.duration,
        bytes=row.bytes,
        anchors=[(offset, moment) for offset, moment in row.anchors],
        evening=_evening(session, row),
        schedule_ids=list(row.schedule_ids),
        stop_wanted=row.stop_wanted,
        paused=bool(row.extra.get("paused")),
    )


def _evening(session: Session, row: RecordingRow) -> str | None:
    first = session.get(RecordingRow, row.evening) if row.evening is not None else None
    return first.uid if first is not None else None


def _runs(session: Session, studio: str) -> list[Run]:
    query = select(RunRow).filter_by(studio=studio, outcome=str(Outcome.RUNNING))
    zones = {row.id: row.timezone for row in session.scalars(select(ScheduleRow))}
    return [_run(row, zones.get(row.schedule_id)) for row in session.scalars(query)]


def _run(row: RunRow, zone: str | None) -> Run:
    return run_of(row, _local_date(row.start, zone))


def _local_date(moment: float, zone: str | None) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(zone or "UTC")).date().isoformat()
