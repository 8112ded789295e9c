"""/api/recordings: what records now, start, stop, pause, and what was recorded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from control_api.auth.access import OfflineOperator, OfflineViewer, Viewer
from control_api.envelope import Answer, Failure
from control_api.provide import provided
from control_api.recorder.recording import Recording
from control_api.recorder.status import StudioStatus
from control_api.recordings.examination_store import reason_of
from control_api.recordings.schemas import (
    ExtendIn,
    FaultOut,
    PauseOut,
    RecordingOut,
    StartIn,
    StatusOut,
    StudioIn,
)
from control_api.recordings.service import RecordingService, Zone
from control_api.recordings.tables import RecordingRow
from control_api.threads import ControlThreads

router = APIRouter(prefix="/recordings", tags=["recordings"])

Service = Annotated[RecordingService, Depends(provided(RecordingService))]
Threads = Annotated[ControlThreads, Depends(provided(ControlThreads))]
StudioName = Annotated[
    str | None, Query(alias="studio", max_length=63, description="all studios, if left out")
]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (404, 409, 502, 503)
}


@router.get("/status", responses={404: {"model": Failure}})
async def status(
    _: OfflineViewer, service: Service, studio: StudioName = None
) -> Answer[list[StatusOut]]:
    """What each studio records now, whether it should, and what is wrong."""
    found = service.status(studio).items()
    return Answer(data=[_status(name, status, service) for name, status in found])


@router.get("/current", responses={404: {"model": Failure}})
async def current(
    _: OfflineViewer, service: Service, studio: StudioName = None
) -> Answer[list[RecordingOut]]:
    """The recordings that run now."""
    running = [status.recording for status in service.status(studio).values() if status.active]
    return Answer(data=[_running(each, service.zone) for each in running if each is not None])


@router.post("/start", responses=_CONFLICT)
async def start(
    caller: OfflineOperator, service: Service, threads: Threads, body: StartIn
) -> Answer[StatusOut]:
    """Record from now on, whatever the schedules say; answers when OBS records."""
    name, status = await threads.run(
        service.start, body.studio, caller.name, body.title, body.max_duration
    )
    return Answer(data=_status(name, status, service), message=_begun(name, status))


@router.post("/stop", responses=_CONFLICT)
async def stop(
    caller: OfflineOperator, service: Service, threads: Threads, body: StudioIn
) -> Answer[RecordingOut | None]:
    """Stop; in a window until that window ends. Its file is examined afterwards."""
    name, recording, is_over = await threads.run(service.stop, body.studio, caller.name)
    shown = None if recording is None else _running(recording, service.zone)
    message = f"{name} does not record" if is_over else f"{name} was asked to stop"
    return Answer(data=shown, message=message)


@router.post("/pause", responses=_CONFLICT)
async def pause(
    caller: OfflineOperator, service: Service, threads: Threads, body: StudioIn
) -> Answer[StatusOut]:
    """Pause; the file goes on where it was when it is resumed."""
    name, status = await threads.run(service.pause, body.studio, caller.name, paused=True)
    return Answer(data=_status(name, status, service), message=f"{name} is paused")


@router.post("/resume", responses=_CONFLICT)
async def resume(
    caller: OfflineOperator, service: Service, threads: Threads, body: StudioIn
) -> Answer[StatusOut]:
    """Go on after a pause."""
    name, status = await threads.run(service.pause, body.studio, caller.name, paused=False)
    return Answer(data=_status(name, status, service), message=f"{name} records")


@router.post("/extend", responses=_CONFLICT)
async def extend(
    caller: OfflineOperator, service: Service, threads: Threads, body: ExtendIn
) -> Answer[StatusOut]:
    """Go on longer than planned: the window that runs, or the recording by hand."""
    name, status = await threads.run(
        service.extend, body.studio, caller.name, body.until, body.longer_by
    )
    return Answer(data=_status(name, status, service), message=f"{name} records longer")


@router.post("/follow-schedule", responses=_CONFLICT)
async def follow_schedule(
    caller: OfflineOperator, service: Service, threads: Threads, body: StudioIn
) -> Answer[StatusOut]:
    """Undo an operator's start, stop or extension: back to the schedule."""
    name, status = await threads.run(service.follow_schedule, body.studio, caller.name)
    message = f"{name} follows its schedule"
    return Answer(data=_status(name, status, service), message=message)


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


def _begun(name: str, status: StudioStatus) -> str:
    return f"{name} records" if status.active else f"OBS in {name} was asked to record"


def _status(name: str, status: StudioStatus, service: RecordingService) -> StatusOut:
    zone = service.zone
    recording = status.recording if status.active else None
    return StatusOut(
        studio=name,
        connected=status.connected,
        recording=status.active,
        paused=status.active and status.paused,
        verified=status.verified,
        desired=status.desired,
        until=None if status.until is None else zone.tell(status.until),
        reason=status.reason.text,
        reason_code=status.reason_code,
        reason_params=status.reason_params,
        overridden=status.is_overridden,
        in_window=status.in_window,
        since=zone.tell(recording.started_at) if recording else None,
        who=recording.by or status.reason.text if recording else None,
        by=recording.by or None if recording else None,
        origin=recording.origin if recording else None,
        title=recording.title if recording else "",
        file=_name(recording.file or recording.obs_path) if recording else None,
        duration=recording.total if recording else 0.0,
        bytes=recording.bytes if recording else 0.0,
        fault=status.fault,
        faults=[
            FaultOut(
                code=fault.code,
                params=fault.params,
                since=zone.tell(fault.since),
                text=fault.reason.text,
            )
            for fault in status.faults
        ],
        recording_id=recording.row if recording else None,
        recorder_host=service.recorder.host_of(name),
    )


def _running(recording: Recording, zone: Zone) -> RecordingOut:
    """A recording as the recorder has it."""
    return RecordingOut(
        id=recording.row,
        studio=recording.studio,
        title=recording.title,
        origin=str(recording.origin),
        who=recording.by or recording.reason.text,
        state=str(recording.state),
        reason=recording.reason.text,
        examination=None,
        start=zone.tell(recording.started_at),
        end=None if recording.ended_at is None else zone.tell(recording.ended_at),
        duration=recording.duration,
        bytes=recording.bytes,
        file=_name(recording.file or recording.obs_path),
        evening=recording.evening_row,
        anchors=[PauseOut(offset=at, time=zone.tell(then)) for at, then in recording.anchors],
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
        examination=reason_of(row) or None,
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
