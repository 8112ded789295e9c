"""/api/health and /api/ping."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from control_api.auth.access import Asking
from control_api.envelope import Answer
from control_api.errors import Unauthorized, Unavailable
from control_api.health.service import HealthService, Status
from control_api.health.shapes import DownOut, HealthOut
from control_api.provide import provided
from control_api.threads import CheckThreads

router = APIRouter(tags=["health"])


async def known(asking: Asking) -> bool:
    """Whether somebody with a token asks."""
    try:
        await asking.caller(offline=True)
    except (Unauthorized, Unavailable):
        return False
    return True


@router.get("/ping")
async def ping() -> Answer[str]:
    """Whether the service is alive; needs no token."""
    return Answer(data="pong")


@router.get("/health", response_model=Answer[HealthOut], responses={503: {"model": DownOut}})
async def health(
    detailed: Annotated[bool, Depends(known)],
    service: Annotated[HealthService, Depends(provided(HealthService))],
    threads: Annotated[CheckThreads, Depends(provided(CheckThreads))],
) -> Response:
    """Whether recordings can run: OBS, disks, studios, database, schedules, library.

    Needs no token; with one it says reasons, and since when. 503: a recording that is due, or
    begins within 15 minutes, cannot run.
    """
    report = await threads.run(service.report)
    data = HealthOut.of(report, detailed=detailed)
    if report.status is not Status.DOWN:
        return JSONResponse(Answer(data=data).model_dump(mode="json"))
    failing = [name for name, word in data.checks.items() if word == "failing"]
    why = "; ".join(report.reasons) if detailed else ", ".join(failing)
    down = DownOut(detail=f"recording is not possible: {why}", data=data)
    return JSONResponse(down.model_dump(mode="json"), 503)
