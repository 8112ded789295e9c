"""The FastAPI application: the table of routers, one shape of error, the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from control_api.admin.router import router as admin
from control_api.audit.router import router as audit
from control_api.auth.access import Viewer
from control_api.auth.router import router as auth
from control_api.clips.router import router as clips
from control_api.database_faults import sentence_of
from control_api.envelope import Failure
from control_api.errors import DATABASE_AWAY, ApiError
from control_api.evenings.router import router as evenings
from control_api.events.router import router as events
from control_api.frames.router import router as frames
from control_api.health.router import router as health
from control_api.jobs.router import router as jobs
from control_api.library.router import router as library
from control_api.logs.router import router as logs
from control_api.machine.router import router as machine
from control_api.metrics.router import router as metrics
from control_api.play.evening_router import router as evening_play
from control_api.play.router import router as play
from control_api.previews.router import router as previews
from control_api.provide import Provided, provide
from control_api.recordings.examination_router import router as examination
from control_api.recordings.router import router as recordings
from control_api.schedules.router import router as schedules
from control_api.settings.router import router as settings
from control_api.streams.router import router as streams
from control_api.threads import CheckThreads, ControlThreads
from control_api.web.router import page_router
from leitstand import __version__

ROUTERS: Sequence[APIRouter] = (
    health,
    auth,
    audit,
    events,
    previews,
    streams,
    recordings,
    examination,
    clips,
    evenings,
    frames,
    evening_play,
    play,
    library,
    jobs,
    settings,
    schedules,
    admin,
    logs,
    machine,
)
"""Every domain's routes. A new domain is one line here."""

_THREADS = 16
_DESCRIPTION = """\
Recordings by hand and by schedule, videos and clips, for any number of OBS studios.

Every answer is `{"success": true, "data": …, "message": …}`, every error `{"detail": "…"}` with
its status, and with a `code` and its `params` where programs need one. Times are ISO 8601 with an
offset; durations are seconds or words such as `1h30m`.
Sign in with a bearer token.
"""
_FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (400, 401, 403, 413, 422, 429)
}


def create_app(provided: Provided) -> FastAPI:
    """The app over the services that it is given."""
    app = FastAPI(
        title="Leitstand",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    checks, controls = CheckThreads("checks", _THREADS), ControlThreads("control", _THREADS)
    provide(app, {CheckThreads: checks, ControlThreads: controls, **provided})
    for router in ROUTERS:
        app.include_router(router, prefix="/api", responses=_FAILURES)
    app.include_router(metrics, responses=_FAILURES)
    app.include_router(page_router())
    app.add_api_route("/api/openapi.json", _document, include_in_schema=False)
    app.exception_handler(ApiError)(_told)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(DBAPIError)(_without_database)
    app.exception_handler(PoolTimeout)(_without_database)
    app.exception_handler(HTTPException)(_http)
    return app


def _document(request: Request, _: Viewer) -> dict[str, Any]:
    document: dict[str, Any] = request.app.openapi()
    return document


# Coroutines: plain functions would wait for a thread, all of which other requests may hold.
async def _told(_: Request, error: ApiError) -> Response:
    told: dict[str, Any] = {"detail": error.detail}
    if error.code:
        told |= {"code": error.code, "params": dict(error.params)}
    return JSONResponse(told, error.status, error.headers)


async def _without_database(_: Request, error: SQLAlchemyError) -> Response:
    sentence = sentence_of(error) if isinstance(error, DBAPIError) else DATABASE_AWAY
    return JSONResponse({"detail": sentence}, 503)


async def _http(_: Request, error: HTTPException) -> Response:
    return JSONResponse({"detail": str(error.detail)}, error.status_code, error.headers)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    """All that is wrong in one sentence each: field, value, what is allowed."""
    wrong = [_sentence(each["loc"], each["msg"], each.get("input")) for each in error.errors()]
    return JSONResponse({"detail": "; ".join(wrong)}, 422)


def _sentence(at: Sequence[str | int], message: str, given: object) -> str:
    field = ".".join(str(step) for step in at if step not in ("body", "query", "path"))
    value = "" if isinstance(given, dict | list) else f"{given!r:.100}: "
    return f"{field or 'body'}: {value}{message.removeprefix('Value error, ')}"
