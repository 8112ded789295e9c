"""/ and what it needs. Needs no token: what the page shows comes from the API, which does."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from starlette.datastructures import Headers

from control_api.errors import NotFound
from control_api.web.files import PageFile, read

# Everything is the service's own; no inline script or style, no frame, no form that goes elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; manifest-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Asked for again each time: a page of an older version would not fit the API.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


def page_router() -> APIRouter:
    """The routes over the files as they are now."""
    files = read()
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return _answer(files["index.html"], request.headers)

    @router.api_route("/page/{name:path}", methods=["GET", "HEAD"])
    async def file(request: Request, name: str) -> Response:
        if name not in files:
            raise NotFound("the page has no such file")
        return _answer(files[name], request.headers)

    return router


def _answer(file: PageFile, asked: Headers) -> Response:
    headers = {**_HEADERS, "ETag": file.tag}
    if _has(file, asked.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if "gzip" in asked.get("accept-encoding", ""):
        packed = headers | {"Content-Encoding": "gzip"}
        return Response(file.packed, media_type=file.type, headers=packed)
    return Response(file.content, media_type=file.type, headers=headers)


def _has(file: PageFile, tags: str) -> bool:
    """Whether the browser's If-None-Match names it (RFC 9110, 13.1.2); proxies weaken tags."""
    given = {each.strip().removeprefix("W/") for each in tags.split(",")}
    return file.tag in given or "*" in given
