"""/api/jobs: long work, how far it is, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from control_api.auth.access import Operator, Viewer
from control_api.envelope import Answer, Failure
from control_api.jobs.service import JobService
from control_api.jobs.shapes import JobOut
from control_api.jobs.store import State
from control_api.provide import provided

router = APIRouter(prefix="/jobs", tags=["jobs"])

_LARGEST = 2**31 - 1
Jobs = Annotated[JobService, Depends(provided(JobService))]
JobId = Annotated[int, Path(ge=1, le=_LARGEST)]
OfState = Annotated[State | None, Query(description="only in this state")]
OfKind = Annotated[
    str | None, Query(pattern="^[a-z_]{1,40}$", description="only of this kind, such as clip")
]
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[
    int | None, Query(ge=1, le=_LARGEST, description="the id of the last job of the page before")
]
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Failure}}
_CONFLICT: dict[int | str, dict[str, Any]] = {404: {"model": Failure}, 409: {"model": Failure}}


@router.get("")
def every(
    caller: Viewer,
    jobs: Jobs,
    *,
    state: OfState = None,
    kind: OfKind = None,
    limit: Limit = 50,
    before: Before = None,
) -> Answer[list[JobOut]]:
    """Newest first. What has been over for 30 days is forgotten."""
    found = jobs.all(state, kind, limit=limit, before=before)
    return Answer(data=[JobOut.of(each, jobs.zone) for each in found])


@router.get("/{id}", responses=_MISSING)
def one(caller: Viewer, jobs: Jobs, id: JobId) -> Answer[JobOut]:
    """The progress is at most a second old."""
    return Answer(data=JobOut.of(jobs.get(id), jobs.zone))


@router.post("/{id}/cancel", responses=_CONFLICT)
def cancel(caller: Operator, jobs: Jobs, id: JobId) -> Answer[JobOut]:
    """A queued job is cancelled at once; a running one within seconds, ask for it again."""
    job = jobs.cancel(id)
    is_over = job.state == State.CANCELLED
    message = f"job {id} {'is cancelled' if is_over else 'is being cancelled'}"
    return Answer(data=JobOut.of(job, jobs.zone), message=message)


@router.post("/{id}/retry", responses=_CONFLICT)
def retry(caller: Operator, jobs: Jobs, id: JobId) -> Answer[JobOut]:
    """Queues a failed or cancelled job again."""
    return Answer(data=JobOut.of(jobs.retry(id), jobs.zone), message=f"job {id} is queued again")


@router.delete("/{id}", responses=_CONFLICT)
def delete(caller: Operator, jobs: Jobs, id: JobId) -> Answer[None]:
    """Forgets a job that is over; what it made stays."""
    jobs.delete(id)
    return Answer(data=None, message=f"job {id} is deleted")
