"""/api/recordings: what records now, start, stop, pause, and what was recorded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from control_api.auth.access import Operator, Viewer
from control_api.envelope import Answer, Failure
from control_api.provide import provided
from control_api.recordings.reconciler import Status
from control_api.recordings.service import RecordingService, Zone
from control_api.recordings.shapes import (
    PauseOut,
    RecordingOut,
    StartIn,
    StatusOut,
    StudioIn,
)
from control_api.recordings.tables import RecordingRow

router = APIRouter(prefix="/recordings", tags=["recordings"])

Service = Annotated[RecordingService, Depends(provided(RecordingService))]
StudioName = Annotated[
    str | None, Query(alias="studio", max_length=63, description="all studios, if left out")
]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (404, 409, 502, 503)
}


@router.get("/status", responses={404: {"model": Failure}})
def status(_: Viewer, service: Service, studio: StudioName = None) -> Answer[list[StatusOut]]:
    """What each studio records now, whether it should, and what is wrong."""
    found = service.status(studio).items()
    return Answer(data=[_status(name, status, service.zone) for name, status in found])


@router.get("/current", responses={404: {"model": Failure}})
def current(_: Viewer, service: Service, studio: StudioName = None) -> Answer[list[RecordingOut]]:
    """The recordings that run now."""
    rows = [status.recording for status in service.status(studio).values()]
    return Answer(data=[_recording(row, service.zone) for row in rows if row and row.id])


@router.post("/start", responses=_CONFLICT)
def start(caller: Operator, service: Service, body: StartIn) -> Answer[StatusOut]:
    """Record from now on, whatever the schedules say; answers when OBS records."""
    name, status = service.start(body.studio, caller.name, body.title, body.max_duration)
    return Answer(data=_status(name, status, service.zone), message=f"{name} records")


@router.post("/stop", responses=_CONFLICT)
def stop(caller: Operator, service: Service, body: StudioIn) -> Answer[RecordingOut | None]:
    """Stop; in a window until that window ends. Answers when the file is final and checked."""
    name, row = service.stop(body.studio, caller.name)
    shown = None if row is None else _recording(row, service.zone)
    return Answer(data=shown, message=f"{name} does not record")


@router.post("/pause", responses=_CONFLICT)
def pause(_: Operator, service: Service, body: StudioIn) -> Answer[StatusOut]:
    """Pause; the file goes on where it was when it is resumed."""
    name, status = service.pause(body.studio, paused=True)
    return Answer(data=_status(name, status, service.zone), message=f"{name} is paused")


@router.post("/resume", responses=_CONFLICT)
def resume(_: Operator, service: Service, body: StudioIn) -> Answer[StatusOut]:
    """Go on after a pause."""
    name, status = service.pause(body.studio, paused=False)
    return Answer(data=_status(name, status, service.zone), message=f"{name} records")


@router.get("", responses={404: {"model": Failure}})
def history(
    _: Viewer,
    service: Service,
    studio: StudioName = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="an id")] = None,
) -> Answer[list[RecordingOut]]:
    """What was recorded, newest first."""
    rows = service.newest(limit, before, studio)
    return Answer(data=[_recording(row, service.zone) for row in rows])


@router.get("/{id}", responses={404: {"model": Failure}})
def one(
    _: Viewer, service: Service, id: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> Answer[RecordingOut]:
    """One recording."""
    return Answer(data=_recording(service.get(id), service.zone))


def _status(name: str, status: Status, zone: Zone) -> StatusOut:
    row = status.recording if status.active else None
    return StatusOut(
        studio=name,
        connected=status.connected,
        recording=status.active,
        paused=status.active and status.paused,
        verified=status.verified,
        desired=status.wish.on,
        reason=status.wish.reason,
        since=zone.tell(row.started_at) if row else None,
        who=row.who if row else None,
        title=row.title if row else "",
        file=_name(row.file or row.obs_path) if row else None,
        duration=row.duration if row else 0.0,
        bytes=row.bytes if row else 0.0,
        fault=status.fault,
        recording_id=row.id if row else None,
    )


def _recording(row: RecordingRow, zone: Zone) -> RecordingOut:
    return RecordingOut(
        id=row.id,
        studio=row.studio,
        title=row.title,
        origin=row.origin,
        who=row.who,
        state=row.state,
        reason=row.reason,
        start=zone.tell(row.started_at),
        end=None if row.ended_at is None else zone.tell(row.ended_at),
        duration=row.duration,
        bytes=row.bytes,
        file=_name(row.file or row.obs_path),
        evening=row.evening,
        anchors=[PauseOut(offset=at, time=zone.tell(then)) for at, then in row.anchors],
    )


def _name(path: str | None) -> str | None:
    """The file's name alone, whichever system OBS runs on."""
    return None if path is None else path.replace("\\", "/").rpartition("/")[2]
