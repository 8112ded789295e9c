"""/api/videos/…/frame and /strip: single pictures, and small ones for a time bar."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from control_api.auth.access import Viewer
from control_api.envelope import Answer, Failure
from control_api.frames.service import Format, FrameService, Look
from control_api.frames.shapes import FrameIn, StripOut
from control_api.library.service import LibraryService
from control_api.provide import provided

router = APIRouter(prefix="/videos", tags=["frames"])

Frames = Annotated[FrameService, Depends(provided(FrameService))]
Library = Annotated[LibraryService, Depends(provided(LibraryService))]
Id = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$")]
At = Annotated[
    str,
    Query(
        min_length=1,
        max_length=40,
        description="seconds into the video, a clock time HH:MM:SS[.mmm], or an ISO time",
        examples=["75.2", "20:31:10.250"],
    ),
]
Width = Annotated[
    int, Query(ge=16, le=1920, description="at most so wide; never wider than the video")
]
Count = Annotated[int, Query(ge=1, le=100, description="how many pictures")]
Small = Annotated[int, Query(ge=16, le=320, description="of one picture, at most")]
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (404, 409, 503)
}
_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "It is as the asker has it"}}
_PICTURE: dict[int | str, dict[str, Any]] = (
    _ERRORS
    | _SAME
    | {
        200: {
            "content": {"image/jpeg": {}, "image/png": {}, "image/webp": {}},
            "description": "The picture; `X-Frame-Time` says when it begins, in seconds",
        }
    }
)
_STRIP: dict[int | str, dict[str, Any]] = (
    _ERRORS
    | _SAME
    | {
        200: {
            "content": {"image/jpeg": {}},
            "description": "Pictures side by side: `X-Strip-Count` of them, each "
            "`X-Strip-Width` by `X-Strip-Height` pixels",
        }
    }
)


@router.get("/{id}/frame", response_class=Response, responses=_PICTURE)
def frame(
    _: Viewer,
    frames: Frames,
    request: Request,
    id: Id,
    at: At,
    *,
    width: Width = 1920,
    format: Format = "jpeg",
) -> Response:
    """The picture that is shown at a moment, exactly: the last one that began by then."""
    return _frame(frames, request, id, at, look=Look(width, format))


@router.post("/frame", response_class=Response, responses=_PICTURE)
def frame_named(_: Viewer, frames: Frames, request: Request, body: FrameIn) -> Response:
    """The same by file name and clock."""
    look = Look(body.width, body.format)
    return _frame(frames, request, frames.named(body.filename), body.time, look=look, field="time")


@router.get("/{id}/strip", response_class=Response, responses=_STRIP)
def strip(
    _: Viewer, frames: Frames, request: Request, id: Id, count: Count = 20, *, width: Small = 160
) -> Response:
    """One JPEG of small pictures for a time bar, of the key frames nearest to even steps."""
    made, tag = frames.strip(id, count, width)
    headers = _headers(tag) | {
        "X-Strip-Count": str(len(made.times)),
        "X-Strip-Width": str(made.width),
        "X-Strip-Height": str(made.height),
    }
    if _has_it(request, tag):
        return Response(None, 304, headers)
    return Response(made.jpeg, 200, headers, "image/jpeg")


@router.get("/{id}/strip.json", responses=_ERRORS)
def strip_times(
    _: Viewer, frames: Frames, library: Library, id: Id, count: Count = 20, *, width: Small = 160
) -> Answer[StripOut]:
    """What the pictures of a strip show."""
    made, _tag = frames.strip(id, count, width)
    told = StripOut(
        count=len(made.times),
        width=made.width,
        height=made.height,
        duration=library.get(id).duration,
        times=made.times,
        url=f"/api/videos/{id}/strip?count={count}&width={width}",
    )
    return Answer(data=told)


def _frame(
    frames: FrameService,
    request: Request,
    id: str,
    at: str | float,
    *,
    look: Look,
    field: str = "at",
) -> Response:
    moment = frames.place(id, at, look, field)
    with moment.opened.file:
        if request.method == "GET" and _has_it(request, moment.tag):
            return Response(None, 304, _headers(moment.tag))
        shown = frames.picture(moment, look)
    headers = _headers(moment.tag) | {"X-Frame-Time": f"{shown.time:.6f}"}
    return Response(shown.content, 200, headers, f"image/{look.format}")


def _headers(tag: str) -> dict[str, str]:
    # The file of a video may be replaced; asking whether it was costs next to nothing.
    return {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }


def _has_it(request: Request, tag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    tags = [one.strip().removeprefix("W/") for one in given.split(",")]
    return tag in tags or "*" in tags
