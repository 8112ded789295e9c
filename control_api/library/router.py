"""/api/videos: list, look, name, protect, download, delete and undo; the scan and retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from control_api.auth.access import Operator, Viewer
from control_api.clock import local
from control_api.envelope import Answer, Failure
from control_api.library import download
from control_api.library.attempts import Attempts
from control_api.library.download import DOCUMENTED
from control_api.library.listing import Sort, Wanted
from control_api.library.names import shown
from control_api.library.portrait import WRITING
from control_api.library.reasons import FileCode
from control_api.library.retention import Retention
from control_api.library.service import LibraryService
from control_api.library.shapes import (
    AnchorOut,
    DeletedOut,
    DoomedOut,
    EditIn,
    EmptiedOut,
    PageOut,
    RenameIn,
    RenditionOut,
    RetentionOut,
    ScanOut,
    VideoOut,
)
from control_api.library.tables import VideoRow
from control_api.library.worker import ScanWorker
from control_api.provide import provided
from control_api.sizes import size_text

router = APIRouter(prefix="/videos", tags=["videos"])

Service = Annotated[LibraryService, Depends(provided(LibraryService))]
Worker = Annotated[ScanWorker, Depends(provided(ScanWorker))]
Keeper = Annotated[Retention, Depends(provided(Retention))]
VideoId = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$")]
StudioName = Annotated[str | None, Query(max_length=63, description="all, if left out")]
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Failure}}
_CONFLICT = _MISSING | {409: {"model": Failure}, 503: {"model": Failure}}
_FILE = _CONFLICT | DOCUMENTED
_MOST_DOOMED = 1000


@router.get("")
def listed(
    _: Viewer,
    service: Service,
    *,
    day: Annotated[date | None, Query(description="the local date of the start")] = None,
    studio: StudioName = None,
    q: Annotated[str, Query(max_length=100, description="text in title, name or notes")] = "",
    sort: Sort = Sort.NEWEST,
    page: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Answer[PageOut]:
    """The videos that are there, those being written too; the newest first."""
    wanted = Wanted(studio=studio or None, text=q.strip().replace("\0", ""), sort=sort)
    rows, total = service.page(wanted, day, page=page, page_size=page_size)
    return Answer(data=PageOut(items=_videos(rows, service), total=total))


@router.get("/newest", responses=_MISSING)
def newest(_: Viewer, service: Service, studio: StudioName = None) -> Answer[VideoOut]:
    """The one that began last and is whole."""
    return Answer(data=_video(service.newest(studio or None), service))


@router.get("/trash")
def trash(_: Viewer, service: Service) -> Answer[list[VideoOut]]:
    """What was deleted within the last day, and may be restored."""
    return Answer(data=_videos(service.trash(), service))


@router.get("/retention")
def retention(_: Viewer, service: Service, keeper: Keeper) -> Answer[RetentionOut]:
    """What would go by the settings `retention.*`, and why; a dry run."""
    doomed = keeper.plan()
    items = [
        DoomedOut(
            id=one.video.id,
            name=PurePosixPath(one.video.name).name,
            title=one.video.title,
            start=shown(one.video.start, service.zone),
            size=one.video.size,
            reason=str(one.reason),
            trashed=one.is_trashed,
            for_good=one.for_good,
        )
        for one in doomed[:_MOST_DOOMED]
    ]
    size = sum(one.video.size for one in doomed)
    trashed, trash_size = service.trash_totals()
    plan = RetentionOut(
        items=items,
        total=len(doomed),
        bytes=size,
        trash_total=trashed,
        trash_bytes=trash_size,
    )
    return Answer(data=plan)


@router.get("/scan")
def scanned(_: Viewer, service: Service, worker: Worker) -> Answer[ScanOut]:
    """How far the scan is, or how the last one was."""
    return Answer(data=_scan(service, worker))


@router.post("/scan", status_code=202)
def scan(_: Operator, service: Service, worker: Worker) -> Answer[ScanOut]:
    """Look for new, changed and vanished files, in the background."""
    worker.scan()
    return Answer(data=_scan(service, worker), message="a scan begins")


@router.get("/{id}", responses=_MISSING)
def one(_: Viewer, service: Service, id: VideoId) -> Answer[VideoOut]:
    """One video, also one in the trash; of one that is being written, its newest second too."""
    row = service.get(id)
    if row.state != WRITING:
        return Answer(data=_video(row, service))
    return Answer(data=_growing(row, service))


@router.patch("/{id}", responses=_CONFLICT)
def edit(_: Operator, service: Service, id: VideoId, body: EditIn) -> Answer[VideoOut]:
    """Title and notes."""
    values = {name: value for name, value in body.model_dump().items() if value is not None}
    return Answer(data=_video(service.edit(id, values), service))


@router.post("/{id}/rename", responses=_CONFLICT)
def rename(_: Operator, service: Service, id: VideoId, body: RenameIn) -> Answer[VideoOut]:
    """Another name for the file; its id stays."""
    return Answer(data=_video(service.rename(id, body.name), service))


@router.post("/{id}/protect", responses=_CONFLICT)
def protect(_: Operator, service: Service, id: VideoId) -> Answer[VideoOut]:
    """Keep it, whatever retention says."""
    return Answer(data=_video(service.protect(id, True), service))


@router.post("/{id}/unprotect", responses=_CONFLICT)
def unprotect(_: Operator, service: Service, id: VideoId) -> Answer[VideoOut]:
    """Let it be deleted again."""
    return Answer(data=_video(service.protect(id, False), service))


@router.post("/{id}/examine", status_code=202, responses=_CONFLICT)
def examine(_: Operator, service: Service, worker: Worker, id: VideoId) -> Answer[VideoOut]:
    """Look into the file again, now, in the background; also into one that is damaged."""
    row = service.examine(id)
    worker.examine(service.path(id))
    return Answer(data=_video(row, service), message="it is being examined")


@router.delete("/trash")
def empty_trash(_: Operator, service: Service) -> Answer[EmptiedOut]:
    """Delete everything in the trash for good; its space is free at once."""
    emptied = service.empty_all()
    out = EmptiedOut(videos=emptied.videos, bytes=emptied.size, kept=emptied.kept)
    said = f"{size_text(emptied.size)} are free now"
    if emptied.kept:
        said += f"; {emptied.kept} videos stay: protected, in use or not reachable"
    return Answer(data=out, message=said)


@router.delete("/{id}", responses=_CONFLICT)
def throw(
    _: Operator,
    service: Service,
    id: VideoId,
    now: Annotated[bool, Query(description="for good, without the trash or out of it")] = False,
) -> Answer[DeletedOut]:
    """To the trash, for a day; or off the disk at once."""
    deleted = service.delete(id) if now else service.throw(id)
    video = _video(deleted.row, service).model_dump()
    video |= {"state": "deleted"} if now else {}
    at, size = local(deleted.free_at, service.zone), size_text(deleted.size)
    out = DeletedOut(**video, frees_bytes=deleted.size, frees_at=at)
    if now:
        return Answer(data=out, message=f"it is deleted for good; {size} are free now")
    said = (
        f"it is in the trash for a day; {size} are free {at:%Y-%m-%d %H:%M}, with now=true at once"
    )
    return Answer(data=out, message=said)


@router.post("/{id}/restore", responses=_CONFLICT)
def restore(_: Operator, service: Service, id: VideoId) -> Answer[VideoOut]:
    """Back from the trash."""
    return Answer(data=_video(service.restore(id), service))


@router.get("/{id}/download", response_class=Response, responses=_FILE)
def get_file(_: Viewer, service: Service, request: Request, id: VideoId) -> Response:
    """The file, or a part of it by Range."""
    return download.answer(service.opened(id), request.headers, service.zone)


@router.head("/{id}/download", include_in_schema=False)
def head_file(_: Viewer, service: Service, request: Request, id: VideoId) -> Response:
    return download.answer(service.opened(id), request.headers, service.zone, body=False)


def _scan(service: LibraryService, worker: ScanWorker) -> ScanOut:
    now = worker.progress
    tally = now.tally
    return ScanOut(
        running=now.running,
        started_at=shown(now.started_at, service.zone),
        ended_at=shown(now.ended_at, service.zone),
        seen=tally.seen,
        pending=tally.pending,
        examined=tally.examined,
        writing=tally.writing,
        vanished=tally.vanished,
        failed=tally.failed,
    )


def _videos(rows: Sequence[VideoRow], service: LibraryService) -> list[VideoOut]:
    renditions = service.renditions([row.id for row in rows])
    return [_out(row, renditions.get(row.id, ()), service) for row in rows]


def _video(row: VideoRow, service: LibraryService) -> VideoOut:
    return _videos([row], service)[0]


def _out(row: VideoRow, renditions: Sequence[VideoRow], service: LibraryService) -> VideoOut:
    zone = service.zone
    return VideoOut(
        id=row.id,
        name=PurePosixPath(row.name).name,
        studio=row.studio,
        title=row.title,
        notes=row.notes,
        start=shown(row.start, zone),
        end=shown(_end(row), zone),
        start_estimated=row.start_estimated,
        duration=row.duration,
        size=row.size,
        tracks=row.tracks,
        state=row.state,
        reason=row.reason,
        reason_code=FileCode(row.reason_code) if row.reason_code else None,
        reason_params=row.reason_params,
        examine_at=_examine_at(row, service),
        protected=row.protected,
        evening=row.evening,
        evening_id=row.evening_id,
        evening_title=row.evening_title,
        recording_id=row.recording_id,
        anchors=[AnchorOut(offset=at, time=local(then, zone)) for at, then in row.anchors],
        created_at=local(row.created_at, zone),
        trashed_at=shown(row.trashed_at, zone),
        rendition_of=row.rendition_of,
        renditions=[
            RenditionOut(
                id=one.id, name=PurePosixPath(one.name).name, size=one.size, state=one.state
            )
            for one in renditions
        ],
        edited=row.is_edited,
    )


def _growing(row: VideoRow, service: LibraryService) -> VideoOut:
    """A video with its newest second, or why it has none; without both where its file is gone, or
    too many are looked into."""
    shown_now = _video(row, service)
    found = service.growing(row)
    if found is None:
        return shown_now
    values: dict[str, Any]
    if found.reason is not None:
        code, params = found.reason.code, dict(found.reason.params)
        values = {"reason": found.reason.text, "reason_code": code, "reason_params": params}
        return shown_now.model_copy(update=values)
    offset, wall = row.anchors[-1] if row.anchors else (0.0, row.start)
    time = None if wall is None else wall + max(0.0, found.newest - offset)
    values = {"newest": found.newest, "newest_time": shown(time, service.zone)}
    return shown_now.model_copy(update=values)


def _examine_at(row: VideoRow, service: LibraryService) -> datetime | None:
    if row.examination is None:
        return None
    return shown(Attempts.from_stored(row.examination).next_at, service.zone)


def _end(row: VideoRow) -> float | None:
    """By the clock: what was recorded after the last pause follows its end."""
    if row.start is None:
        return None
    offset, wall = row.anchors[-1] if row.anchors else (0.0, row.start)
    return wall + max(0.0, row.duration - offset)
