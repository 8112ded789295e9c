"""/api/videos/…/play: a video as browsers play it and seek in it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from control_api.auth.access import Viewer
from control_api.envelope import Answer, Failure
from control_api.jobs.service import Job, JobService
from control_api.jobs.shapes import JobOut
from control_api.library import download
from control_api.library.download import DOCUMENTED
from control_api.library.service import LibraryService, Opened
from control_api.play.service import PlayService
from control_api.play.shapes import PlayOut
from control_api.provide import provided

router = APIRouter(prefix="/videos", tags=["play"])

Plays = Annotated[PlayService, Depends(provided(PlayService))]
Jobs = Annotated[JobService, Depends(provided(JobService))]
Library = Annotated[LibraryService, Depends(provided(LibraryService))]
Id = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$")]
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (404, 409, 503)
}
_FILE: dict[int | str, dict[str, Any]] = (
    _ERRORS
    | DOCUMENTED
    | {202: {"model": Answer[JobOut], "description": "A job makes it playable first"}}
)


@router.get("/{id}/play", response_class=Response, responses=_FILE)
def play(
    caller: Viewer, request: Request, id: Id, *, plays: Plays, jobs: Jobs, library: Library
) -> Response:
    """A file for `<video src=…>`, or a part of it by Range; 202 and a job where that takes long."""
    found = plays.play(id, caller.name)
    if not isinstance(found, Opened):
        return _later(*found, jobs)
    is_asked = request.method == "GET"
    response = download.answer(found, request.headers, library.zone, body=is_asked)
    told = response.headers["Content-Disposition"]
    response.headers["Content-Disposition"] = told.replace("attachment", "inline", 1)
    return response


@router.head("/{id}/play", include_in_schema=False)
def head(
    caller: Viewer, request: Request, id: Id, *, plays: Plays, jobs: Jobs, library: Library
) -> Response:
    return play(caller, request, id, plays=plays, jobs=jobs, library=library)


@router.get("/{id}/play.json", responses=_ERRORS)
def how(_: Viewer, plays: Plays, jobs: Jobs, id: Id) -> Answer[PlayOut]:
    """How it is played, whether that is possible at once, and why not."""
    state = plays.state(id)
    told = PlayOut.model_validate(
        {
            "how": state.plan.how,
            "codecs": list(state.plan.codecs),
            "reason": state.plan.reason,
            "ready": state.is_ready,
            "job": state.job and JobOut.of(state.job, jobs.zone),
            "url": f"/api/videos/{id}/play",
        }
    )
    return Answer(data=told)


def _later(job: Job, reason: str, jobs: JobService) -> Response:
    said = f"{reason}: job {job.id} makes a file that they play; ask again when it is done"
    answer = Answer[JobOut](data=JobOut.of(job, jobs.zone), message=said)
    return JSONResponse(answer.model_dump(mode="json"), 202, {"Retry-After": "5"})
