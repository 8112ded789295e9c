"""/api/recordings/preview: the live picture."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from control_api.auth.access import OfflineViewer
from control_api.envelope import Failure
from control_api.errors import Unavailable
from control_api.previews.service import PreviewService
from control_api.previews.shapes import PreviewOut
from control_api.previews.shot import MEDIA_TYPE, as_json
from control_api.provide import provided

router = APIRouter(prefix="/recordings/preview", tags=["recordings"])

Previews = Annotated[PreviewService, Depends(provided(PreviewService))]
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": PreviewOut,
        "description": "The picture; `Age` (seconds) and `X-Preview-Age` (milliseconds) of it",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "Still the picture that If-None-Match names"},
    404: {"model": Failure},
    503: {"model": Failure, "description": "OBS does not answer; only of format=jpeg"},
}


@router.get("", response_class=Response, responses=_RESPONSES)
async def preview(
    caller: OfflineViewer,
    previews: Previews,
    studio: Annotated[str | None, Query(max_length=63)] = None,
    format: Literal["jpeg", "json"] = "jpeg",
    if_none_match: Annotated[str | None, Header(max_length=1_000)] = None,
) -> Response:
    """What is live in OBS now; however many look, OBS makes one picture per interval.

    The studio may be left out where there is one. As JSON, an OBS that does not answer is
    `connected: false`.
    """
    try:
        picture = await asyncio.wrap_future(previews.ask(studio))
    except Unavailable:
        if format == "jpeg":
            raise
        return Response(as_json(None, None), 200, {"Cache-Control": "no-store"}, "application/json")
    age = previews.age(picture)
    body = picture.jpeg if format == "jpeg" else picture.json
    headers = {
        "Age": str(int(age)),
        "X-Preview-Age": str(int(age * 1000)),
        "ETag": body.etag,
        "Cache-Control": "private, no-cache",
    }
    if _names(if_none_match, body.etag):
        return Response(None, 304, headers)
    media_type = MEDIA_TYPE if format == "jpeg" else "application/json"
    return Response(body.content, 200, headers, media_type)


def _names(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags
