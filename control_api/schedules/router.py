"""/api/schedules: windows in which a studio records, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from control_api.auth.access import Operator, Viewer
from control_api.envelope import Answer, Failure
from control_api.provide import provided
from control_api.schedules.service import ScheduleService
from control_api.schedules.shapes import (
    RunOut,
    ScheduleChange,
    ScheduleIn,
    ScheduleOut,
    WindowOut,
)
from control_api.schedules.tables import RunRow
from control_api.schedules.windows import Schedule, Window

router = APIRouter(prefix="/schedules", tags=["schedules"])

_LARGEST = 2**31 - 1
_SHOWN = 3
Schedules = Annotated[ScheduleService, Depends(provided(ScheduleService))]
ScheduleId = Annotated[int, Path(ge=1, le=_LARGEST)]
OfStudio = Annotated[str | None, Query(max_length=63, description="only of this studio")]
Count = Annotated[int, Query(ge=1, le=100)]
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[
    int | None, Query(ge=1, le=_LARGEST, description="the id of the last run of the page before")
]
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Failure}}
_FULL: dict[int | str, dict[str, Any]] = {409: {"model": Failure}}


@router.get("")
def every(
    caller: Viewer, schedules: Schedules, studio: OfStudio = None
) -> Answer[list[ScheduleOut]]:
    """All schedules, by id."""
    return Answer(data=[_out(schedules, each) for each in schedules.all(studio)])


@router.post("", status_code=201, responses=_FULL)
def create(
    caller: Operator, schedules: Schedules, body: ScheduleIn, response: Response
) -> Answer[ScheduleOut]:
    """A new schedule. One that could never record is refused; an overlap with others is told."""
    schedule = schedules.create(body.fields())
    response.headers["Location"] = f"/api/schedules/{schedule.id}"
    return Answer(data=_out(schedules, schedule))


# Before the routes with an id, which would take "next" and "runs" for one.
@router.get("/next")
def coming(
    caller: Viewer, schedules: Schedules, count: Count = 10, studio: OfStudio = None
) -> Answer[list[WindowOut]]:
    """The next windows that begin, of all enabled schedules."""
    return Answer(data=_windows(schedules, schedules.coming(count, studio)))


@router.get("/runs")
def every_run(
    caller: Viewer, schedules: Schedules, limit: Limit = 50, before: Before = None
) -> Answer[list[RunOut]]:
    """What became of the windows, newest first, also of schedules that were deleted."""
    return Answer(data=_runs(schedules, schedules.runs(limit, before)))


@router.get("/{id}", responses=_MISSING)
def one(caller: Viewer, schedules: Schedules, id: ScheduleId) -> Answer[ScheduleOut]:
    return Answer(data=_out(schedules, schedules.get(id)))


@router.put("/{id}", responses=_MISSING)
def overwrite(
    caller: Operator, schedules: Schedules, id: ScheduleId, body: ScheduleIn
) -> Answer[ScheduleOut]:
    """Write the whole schedule anew."""
    return Answer(data=_out(schedules, schedules.overwrite(id, body.fields())))


@router.patch("/{id}", responses=_MISSING)
def change(
    caller: Operator, schedules: Schedules, id: ScheduleId, body: ScheduleChange
) -> Answer[ScheduleOut]:
    """Change what the body has."""
    return Answer(data=_out(schedules, schedules.change(id, body.fields())))


@router.delete("/{id}", responses=_MISSING)
def delete(caller: Operator, schedules: Schedules, id: ScheduleId) -> Answer[None]:
    """What was recorded for it, and its runs, are kept."""
    deleted = schedules.delete(id)
    return Answer(data=None, message=f"schedule {id} ({deleted.title}) is deleted")


@router.post("/{id}/enable", responses=_MISSING)
def enable(caller: Operator, schedules: Schedules, id: ScheduleId) -> Answer[ScheduleOut]:
    """Refused if it could never record, as a single date that is past."""
    return Answer(data=_out(schedules, schedules.change(id, {"enabled": True})))


@router.post("/{id}/disable", responses=_MISSING)
def disable(caller: Operator, schedules: Schedules, id: ScheduleId) -> Answer[ScheduleOut]:
    return Answer(data=_out(schedules, schedules.change(id, {"enabled": False})))


@router.get("/{id}/next", responses=_MISSING)
def coming_of(
    caller: Viewer, schedules: Schedules, id: ScheduleId, count: Count = 10
) -> Answer[list[WindowOut]]:
    """The next windows that begin; none if the schedule is not enabled."""
    found = schedules.coming_of(schedules.get(id), count)
    return Answer(data=_windows(schedules, found))


@router.get("/{id}/runs", responses=_MISSING)
def runs_of(
    caller: Viewer, schedules: Schedules, id: ScheduleId, limit: Limit = 50, before: Before = None
) -> Answer[list[RunOut]]:
    """What became of its windows, newest first; also after it was deleted."""
    return Answer(data=_runs(schedules, schedules.runs(limit, before, id)))


def _out(schedules: ScheduleService, schedule: Schedule) -> ScheduleOut:
    coming = schedules.coming_of(schedule, _SHOWN)
    return ScheduleOut.of(schedule, coming, schedules.advice(schedule))


def _windows(schedules: ScheduleService, found: Iterable[Window]) -> list[WindowOut]:
    return [WindowOut.of(each, schedules.zone_of(each.schedule_id)) for each in found]


def _runs(schedules: ScheduleService, found: Iterable[RunRow]) -> list[RunOut]:
    return [RunOut.of(each, schedules.zone_of(each.schedule_id)) for each in found]
