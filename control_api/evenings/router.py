"""/api/evenings: list, look, name, join and split."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from control_api.auth.access import Operator, Viewer
from control_api.clock import local
from control_api.envelope import Answer, Failure
from control_api.evenings.service import Evening, EveningService, Shown
from control_api.evenings.shapes import (
    EveningDetailOut,
    EveningOut,
    EveningsOut,
    GapOut,
    JoinIn,
    PartOut,
    RenameIn,
    SpanOut,
    SplitIn,
)
from control_api.evenings.store import Wanted
from control_api.provide import provided

router = APIRouter(prefix="/evenings", tags=["evenings"])

Service = Annotated[EveningService, Depends(provided(EveningService))]
Id = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$")]
Day = Annotated[date | None, Query(description="a local date")]
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Failure}}
_CONFLICT = _MISSING | {409: {"model": Failure}, 503: {"model": Failure}}


@router.get("")
def listed(
    _: Viewer,
    service: Service,
    *,
    studio: Annotated[str | None, Query(max_length=63, description="all, if left out")] = None,
    first: Day = None,
    last: Day = None,
    page: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Answer[EveningsOut]:
    """The evenings of which there is something, the latest first."""
    days = [None if day is None else day.isoformat() for day in (first, last)]
    wanted = Wanted(studio or None, *days)
    found, total = service.page(wanted, page=page, page_size=page_size)
    items = [EveningOut(**_evening(one, service)) for one in found]
    return Answer(data=EveningsOut(items=items, total=total))


@router.get("/{id}", responses=_MISSING)
def one(_: Viewer, service: Service, id: Id) -> Answer[EveningDetailOut]:
    """One evening: its videos, where each second of it is found, and its gaps and their reasons."""
    return Answer(data=_detail(service.show(id), service))


@router.patch("/{id}", responses=_CONFLICT)
def rename(_: Operator, service: Service, id: Id, body: RenameIn) -> Answer[EveningOut]:
    """Give it a title."""
    return Answer(data=EveningOut(**_evening(service.rename(id, body.title), service)))


@router.post("/{id}/join", responses=_CONFLICT)
def join(_: Operator, service: Service, id: Id, body: JoinIn) -> Answer[EveningOut]:
    """Make another evening part of this one, whose id stays."""
    return Answer(data=EveningOut(**_evening(service.join(id, body.evening), service)))


@router.post("/{id}/split", status_code=201, responses=_CONFLICT)
def split(_: Operator, service: Service, id: Id, body: SplitIn) -> Answer[EveningOut]:
    """Make a part and all after it an evening of their own: the one that is returned."""
    new = service.split(id, body.where, body.evening)
    return Answer(data=EveningOut(**_evening(new, service)))


def _evening(evening: Evening, service: EveningService) -> dict[str, Any]:
    row, totals = evening.row, evening.totals
    return {
        "id": row.id,
        "studio": row.studio,
        "source": row.source,
        "title": row.title,
        "date": date.fromisoformat(row.date),
        "start": local(evening.start, service.zone),
        "end": local(evening.end, service.zone),
        "parts": totals.parts,
        "recorded": totals.seconds,
        "size": totals.size,
        "running": evening.is_running,
    }


def _detail(shown: Shown, service: EveningService) -> EveningDetailOut:
    zone = service.zone
    videos = [
        PartOut(
            id=row.id,
            name=PurePosixPath(row.name).name,
            title=row.title,
            start=local(row.sort_start, zone),
            end=local(row.sort_start + row.clock_seconds, zone),
            duration=row.duration,
            state=row.state,
        )
        for row in shown.parts
    ]
    spans = [
        SpanOut(
            start=local(span.wall, zone),
            end=local(span.end, zone),
            video_id=span.id,
            offset=span.offset,
        )
        for span in shown.recorded.spans
    ]
    gaps = [
        GapOut(
            start=local(gap.start, zone),
            end=local(gap.end, zone),
            code=gap.code,
            params=dict(gap.params),
            reason=gap.text,
        )
        for gap in shown.recorded.gaps
    ]
    told = _evening(shown.evening, service)
    return EveningDetailOut(**told, videos=videos, spans=spans, gaps=gaps)
