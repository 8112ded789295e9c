"""/api/clips, the short form of an export, and the links that need no token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from io import BytesIO
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Body, Depends, Path, Query, Request
from starlette.responses import Response

from control_api.auth.access import Admin, Operator, Viewer
from control_api.clips.download import file_answer
from control_api.clips.links import LinkService
from control_api.clips.logo import LogoService
from control_api.clips.service import ClipService
from control_api.clips.shapes import (
    ClipIn,
    ClipOut,
    ExportIn,
    LinkIn,
    LinkOut,
    LogoOut,
    NoteOut,
)
from control_api.clips.tables import ClipRow, LinkRow
from control_api.clock import local
from control_api.envelope import Answer, Failure
from control_api.jobs.service import JobService
from control_api.jobs.shapes import JobOut
from control_api.library.download import DOCUMENTED
from control_api.library.service import LibraryService
from control_api.provide import provided
from leitstand.serving import report_authorised

router = APIRouter(tags=["clips"])

Clips = Annotated[ClipService, Depends(provided(ClipService))]
Jobs = Annotated[JobService, Depends(provided(JobService))]
Links = Annotated[LinkService, Depends(provided(LinkService))]
Logos = Annotated[LogoService, Depends(provided(LogoService))]
Library = Annotated[LibraryService, Depends(provided(LibraryService))]


@dataclass(frozen=True, slots=True)
class Room:
    """What these routes work with."""

    clips: Clips
    jobs: Jobs
    links: Links
    library: Library

    @property
    def zone(self) -> tzinfo:
        return self.library.zone


Here = Annotated[Room, Depends()]
Id = Annotated[str, Path(max_length=40)]
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (404, 409, 503)
}
_PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {}}, "description": "The logo"},
    404: {"model": Failure},
}
_SVG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/svg+xml": {}}, "description": "The QR code"},
    404: {"model": Failure},
}
_FILE = DOCUMENTED | {404: {"model": Failure}}


@router.post("/clips", status_code=202, responses=_ERRORS)
def order(caller: Operator, here: Here, body: ClipIn) -> Answer[JobOut]:
    """Cut a clip; the job tells how far it is, and the clip when it is done."""
    job = here.clips.order(body, here.jobs, caller.name)
    return Answer(data=JobOut.of(job, here.zone), message="queued")


@router.post("/videos/export", status_code=202, responses=_ERRORS)
def export(caller: Operator, here: Here, body: ExportIn) -> Answer[JobOut]:
    """The same by file name and clock."""
    video = here.library.named(body.filename)
    wanted = ClipIn(video_id=video.id, start=body.start_time, end=body.end_time)
    job = here.clips.order(wanted, here.jobs, caller.name)
    return Answer(data=JobOut.of(job, here.zone), message="queued")


@router.get("/clips")
def newest(
    _: Viewer,
    here: Here,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False)] = None,
) -> Answer[list[ClipOut]]:
    """Those that are done, newest first; `before` is a Unix time."""
    return Answer(data=[_clip(row, here.zone) for row in here.clips.newest(limit, before)])


@router.get("/clips/logo", response_class=Response, responses=_PNG)
def logo(_: Viewer, logos: Logos) -> Response:
    """The logo that clips may carry."""
    return Response(logos.get(), media_type="image/png")


@router.put("/clips/logo", responses=_ERRORS)
def set_logo(
    _: Admin, logos: Logos, body: Annotated[bytes, Body(media_type="image/png")]
) -> Answer[LogoOut]:
    """Set it: a PNG of at most 2048x2048 pixels and 1 MB. Only its pixels are kept."""
    width, height = logos.put(body)
    return Answer(data=LogoOut(width=width, height=height, url="/api/clips/logo"), message="set")


@router.delete("/clips/logo", responses=_ERRORS)
def delete_logo(_: Admin, logos: Logos) -> Answer[None]:
    """Clips that have it keep it."""
    logos.delete()
    return Answer(data=None, message="deleted")


@router.get("/clips/{id}", responses=_ERRORS)
def one(_: Viewer, here: Here, id: Id) -> Answer[ClipOut]:
    """One clip."""
    return Answer(data=_clip(here.clips.get(id), here.zone))


@router.delete("/clips/{id}", responses=_ERRORS)
def delete(_: Operator, here: Here, id: Id) -> Answer[None]:
    """The clip and its links; what it was cut from stays."""
    here.clips.delete(id)
    return Answer(data=None, message="deleted")


@router.get("/clips/{id}/download", response_class=Response, responses=_FILE)
def download(_: Viewer, request: Request, here: Here, id: Id) -> Response:
    """The file; Range and ETag work."""
    return file_answer(here.clips.get(id), here.clips.path(id), request.headers, here.zone)


@router.post("/clips/{id}/links", status_code=201, responses=_ERRORS)
def make_link(caller: Operator, here: Here, id: Id, body: LinkIn) -> Answer[LinkOut]:
    """A link for somebody without a token; it expires, and can be revoked."""
    row = here.links.make(here.clips.get(id), body.expires_in, caller.name)
    return Answer(data=_link(row, here))


@router.get("/clips/{id}/links", responses=_ERRORS)
def all_links(_: Operator, here: Here, id: Id) -> Answer[list[LinkOut]]:
    """Every link to this clip."""
    return Answer(data=[_link(row, here) for row in here.links.all(here.clips.get(id))])


@router.get("/clips/{id}/links/{link}/qr", response_class=Response, responses=_SVG)
def link_code(_: Operator, request: Request, here: Here, id: Id, link: Id) -> Response:
    """The link as a QR code, under the address by which this was asked."""
    row = here.links.get(here.clips.get(id), link)
    address = f"{str(request.base_url).rstrip('/')}/api/links/{here.links.text(row)}"
    picture = BytesIO()
    segno.make(address, micro=False).save(picture, kind="svg", scale=4, border=2)
    return Response(picture.getvalue(), media_type="image/svg+xml")


@router.delete("/clips/{id}/links/{link}", responses=_ERRORS)
def revoke_link(_: Operator, here: Here, id: Id, link: Id) -> Answer[LinkOut]:
    """End it at once."""
    return Answer(data=_link(here.links.revoke(here.clips.get(id), link), here))


@router.get("/links/{text}", response_class=Response, responses=_FILE)
def by_link(
    request: Request,
    here: Here,
    text: Annotated[str, Path(max_length=200)],
) -> Response:
    """The clip that a signed link leads to; needs no token."""
    id = here.links.clip_of(text)
    report_authorised(request.scope)
    return file_answer(here.clips.get(id), here.clips.path(id), request.headers, here.zone)


def _clip(row: ClipRow, zone: tzinfo) -> ClipOut:
    return ClipOut(
        id=row.id,
        title=row.title,
        studio=row.studio,
        start=None if row.start is None else local(row.start, zone),
        duration=row.duration,
        size=row.size,
        mode_used=row.mode_used,
        verified=row.verified,
        reason=row.reason,
        notes=[NoteOut(**note) for note in row.notes],
        by=row.by,
        created=local(row.created_at, zone),
        download_url=f"/api/clips/{row.id}/download",
    )


def _link(row: LinkRow, here: Room) -> LinkOut:
    return LinkOut(
        id=row.id,
        url=f"/api/links/{here.links.text(row)}",
        expires=local(row.expires_at, here.zone),
        revoked=row.revoked_at is not None,
        by=row.by,
    )
