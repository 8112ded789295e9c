"""/api/recordings/{id}/examine: look into the file of a recording again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from control_api.auth.access import Operator
from control_api.envelope import Answer, Failure, Shape
from control_api.provide import provided
from control_api.recordings.examination import Examination

router = APIRouter(prefix="/recordings", tags=["recordings"])

Examiner = Annotated[Examination, Depends(provided(Examination))]
_FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure} for status in (404, 409, 503)
}


class ExaminedOut(Shape):
    """A recording that is being examined."""

    id: int
    state: str
    """checking; then finished or damaged, as GET /api/recordings/{id} says."""


@router.post("/{id}/examine", status_code=202, responses=_FAILURES)
def examine(
    _: Operator, examination: Examiner, id: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> Answer[ExaminedOut]:
    """Look into the file again, now, in the background; whether it was damaged or finished."""
    row = examination.again(id)
    return Answer(data=ExaminedOut(id=row.id, state=row.state), message="it is being examined")
