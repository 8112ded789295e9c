"""Puts schedules of the plan back into a database that was lost, or is an older copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from control_api.recorder.plan import PlannedSchedule
from control_api.recorder.plan_source import planned
from control_api.revisions import count_up
from control_api.schedules.notation import clock_text, weekday_names
from control_api.schedules.store import REVISION
from control_api.schedules.tables import RunRow, ScheduleRow


@dataclass(frozen=True, slots=True)
class PutBack:
    """How many schedules were put back, and how many there are that the plan does not have."""

    restored: int
    unknown: int

    @property
    def said(self) -> str:
        said = f"{self.restored} schedules were put back from the recorder's plan"
        if self.unknown:
            said += f", {self.unknown} that it does not have were left as they are"
        return said


def put_back(session: Session, plan: Sequence[PlannedSchedule]) -> PutBack:
    """Write what is missing, or there in an older version. Nothing is deleted.

    Where the number was given to another schedule meanwhile, the plan's gets a new one.
    """
    rows = {row.id: row for row in session.scalars(select(ScheduleRow))}
    there = [planned(row) for row in rows.values()]
    restored = 0
    for each in plan:
        row = rows.get(each.number)
        if row is not None and _is_same(row, each):
            if _is_older(row, each):
                _write(row, each)
                restored += 1
        elif not _is_among(there, each):
            number = each.number if row is None else _free_number(session, plan)
            _insert(session, number, each)
            restored += 1
    if restored:
        count_up(session, REVISION)
    known = {each.number: each for each in plan}
    unknown = [row for row in rows.values() if not _is_of(row, known.get(row.id))]
    return PutBack(restored, len(unknown))


def can_be_put_back(session: Session, plan: Sequence[PlannedSchedule], made_at: float) -> bool:
    """Whether a database that is not the plan's was made in the place of that one.

    One that is older than the plan's schedules, and has its own, was configured instead.
    """
    if session.scalar(select(func.count()).select_from(ScheduleRow)) == 0:
        return True
    return made_at > max((_saved_at(each) for each in plan), default=0.0)


def _is_of(row: ScheduleRow, each: PlannedSchedule | None) -> bool:
    return each is not None and _is_same(row, each)


def _is_same(row: ScheduleRow, each: PlannedSchedule) -> bool:
    """Whether both are one schedule, in whatever version."""
    return each.created_at in (0.0, row.created_at)


def _is_older(row: ScheduleRow, each: PlannedSchedule) -> bool:
    return _essence(planned(row)) != _essence(each) and row.updated_at <= _saved_at(each)


def _is_among(there: Iterable[PlannedSchedule], each: PlannedSchedule) -> bool:
    """Whether somebody has made it again already."""
    return any(_essence(found) == _essence(each) for found in there)


def _essence(each: PlannedSchedule) -> PlannedSchedule:
    return msgspec.structs.replace(
        each, number=0, changed_at=0.0, begins_since=None, created_at=0.0, saved_at=0.0
    )


def _saved_at(each: PlannedSchedule) -> float:
    return each.saved_at or each.changed_at


def _free_number(session: Session, plan: Iterable[PlannedSchedule]) -> int:
    session.flush()
    taken = [
        session.scalar(select(func.max(column))) or 0
        for column in (ScheduleRow.id, RunRow.schedule_id)
    ]
    return max(*taken, *(each.number for each in plan)) + 1


def _insert(session: Session, number: int, each: PlannedSchedule) -> None:
    row = ScheduleRow(id=number, created_at=each.created_at or each.changed_at)
    _write(row, each)
    session.add(row)


def _write(row: ScheduleRow, each: PlannedSchedule) -> None:
    row.title = each.title
    row.studio = each.studio
    row.weekdays = weekday_names(each.weekdays)
    row.start = clock_text(each.start)
    row.end = clock_text(each.end)
    row.timezone = each.timezone
    row.skip = list(each.skip)
    row.add = list(each.add)
    row.enabled = each.enabled
    row.updated_at = _saved_at(each)
