"""Reads the plan from the database, and puts schedules back into one that was lost."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from control_api.recorder.plan import PlannedSchedule, Settings
from control_api.recorder.tables import InstallationRow
from control_api.revisions import RevisionCountRow, count_up
from control_api.schedules.notation import clock_text, parse_clock, parse_weekdays, weekday_names
from control_api.schedules.store import REVISION as SCHEDULES_REVISION
from control_api.schedules.tables import ScheduleRow
from control_api.settings.store import REVISION as SETTINGS_REVISION
from control_api.settings.tables import SettingRow

_MAX_DURATION = "recording.max_duration"
_TITLE_START, _TITLE_END = "studios.", ".title"


def identity(session: Session) -> tuple[str, float]:
    """Which database this is, and when it was made (Unix seconds)."""
    row = session.get_one(InstallationRow, 1)
    return row.uid, row.created_at


def mark_written(session: Session) -> None:
    """Write something, to see that it can be done."""
    session.get_one(InstallationRow, 1).written_at = time.time()


def publish_recorder(session: Session, place: dict[str, str]) -> None:
    """Note where the recorder listens, for an API on this host that has no recorder of its own."""
    row = session.get_one(InstallationRow, 1)
    if row.recorder != place:
        row.recorder = place


def published_recorder(session: Session) -> dict[str, str] | None:
    """Where the recorder that controls the studios listens."""
    return session.get_one(InstallationRow, 1).recorder


def revision(session: Session) -> str:
    """A text that changes with every change of schedules or settings; cheap to ask for."""
    names = SCHEDULES_REVISION, SETTINGS_REVISION
    query = select(RevisionCountRow.name, RevisionCountRow.number)
    rows = session.execute(query.where(RevisionCountRow.name.in_(names)))
    return repr(sorted((row.name, row.number) for row in rows))


def schedules(session: Session) -> Sequence[PlannedSchedule]:
    """Every schedule, by number."""
    rows = session.scalars(select(ScheduleRow).order_by(ScheduleRow.id)).all()
    return [_planned(row) for row in rows]


def settings(session: Session) -> Settings:
    """The settings that matter for recording."""
    found = {row.key: row.value for row in session.scalars(select(SettingRow)).all()}
    titles = {
        key.removeprefix(_TITLE_START).removesuffix(_TITLE_END): value
        for key, value in found.items()
        if key.startswith(_TITLE_START) and key.endswith(_TITLE_END) and isinstance(value, str)
    }
    longest = found.get(_MAX_DURATION)
    if isinstance(longest, int | float):
        return Settings(float(longest), titles)
    return Settings(titles=titles)


def restore(session: Session, planned: Sequence[PlannedSchedule]) -> int:
    """Insert the schedules of a plan where there is none; returns how many."""
    if session.scalar(select(func.count()).select_from(ScheduleRow)):
        return 0
    session.add_all([_row(each) for each in planned])
    count_up(session, SCHEDULES_REVISION)
    return len(planned)


def _planned(row: ScheduleRow) -> PlannedSchedule:
    return PlannedSchedule(
        number=row.id,
        title=row.title,
        studio=row.studio,
        weekdays=tuple(sorted(parse_weekdays(row.weekdays))),
        start=parse_clock(row.start),
        end=parse_clock(row.end),
        timezone=row.timezone,
        skip=tuple(sorted(row.skip)),
        add=tuple(sorted(row.add)),
        enabled=row.enabled,
        changed_at=row.updated_at,
    )


def _row(planned: PlannedSchedule) -> ScheduleRow:
    return ScheduleRow(
        id=planned.number,
        title=planned.title,
        studio=planned.studio,
        weekdays=weekday_names(planned.weekdays),
        start=clock_text(planned.start),
        end=clock_text(planned.end),
        timezone=planned.timezone,
        skip=list(planned.skip),
        add=list(planned.add),
        enabled=planned.enabled,
        created_at=planned.changed_at,
        updated_at=planned.changed_at,
    )
