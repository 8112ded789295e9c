"""Reads the plan from the database, and notes there that it was read."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from control_api.recorder.plan import PlanData, PlannedSchedule, Settings
from control_api.recorder.tables import InstallationRow
from control_api.revisions import RevisionCountRow
from control_api.schedules.notation import parse_clock, parse_weekdays
from control_api.schedules.store import REVISION as SCHEDULES_REVISION
from control_api.schedules.tables import ScheduleRow
from control_api.settings.store import REVISION as SETTINGS_REVISION
from control_api.settings.tables import SettingRow

_SIGNED = "plan"
_MAX_DURATION = "recording.max_duration"
_TITLE_START, _TITLE_END = "studios.", ".title"


@dataclass(frozen=True, slots=True)
class Version:
    """Which database this is, when it was made (Unix seconds), and what it was changed to.

    `revision` is a text that changes with every change of schedules or settings.
    """

    database: str
    made_at: float
    revision: str
    signed: int

    def is_before(self, plan: PlanData) -> bool:
        """Whether this is an older copy of the database that the plan was read from."""
        if not plan.database or plan.database != self.database:
            return False
        counts = _counts(self.revision)
        return self.signed < plan.signed or any(
            counts.get(name, 0) < number for name, number in _counts(plan.revision).items()
        )


def version(session: Session) -> Version:
    """Cheap to ask for."""
    query = select(RevisionCountRow.name, RevisionCountRow.number)
    names = SCHEDULES_REVISION, SETTINGS_REVISION, _SIGNED
    rows = session.execute(query.where(RevisionCountRow.name.in_(names)))
    numbers: dict[str, int] = {row.name: row.number for row in rows}
    signed = numbers.pop(_SIGNED, 0)
    return Version(*identity(session), repr(sorted(numbers.items())), signed)


def sign(session: Session, plan: PlanData) -> int:
    """Note that the plan was read, by a number above all that it knows; returns that."""
    # Else an older copy could come to the number of what others have read before.
    for name, known in _counts(plan.revision).items():
        row = session.get(RevisionCountRow, name)
        if row is not None and row.number < known:
            row.number = known + 1
    row = session.get(RevisionCountRow, _SIGNED)
    if row is None:
        row = RevisionCountRow(name=_SIGNED, number=0)
        session.add(row)
    row.number = max(row.number, plan.signed) + 1
    return row.number


def _counts(revision: str) -> Mapping[str, int]:
    return dict(ast.literal_eval(revision)) if revision else {}


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


def schedules(session: Session) -> Sequence[PlannedSchedule]:
    """Every schedule, by number."""
    rows = session.scalars(select(ScheduleRow).order_by(ScheduleRow.id)).all()
    return [planned(row) for row in rows]


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


def planned(row: ScheduleRow) -> PlannedSchedule:
    """A schedule of the database as it is kept in a plan."""
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
        created_at=row.created_at,
        saved_at=row.updated_at,
    )
