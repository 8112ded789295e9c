"""What a job looks like outside. Its parameters stay inside: they name files."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from pydantic import ConfigDict

from control_api.clock import local
from control_api.envelope import Shape
from control_api.jobs.store import State
from control_api.jobs.tables import JobRow


class JobOut(Shape):
    """Long work, asked for by somebody."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 12,
                "kind": "clip",
                "state": "running",
                "progress": 0.4,
                "seconds_left": 3.1,
                "result": None,
                "details": {"gaps": [], "moved": []},
                "error": None,
                "created": "2026-11-20T22:31:04.500+01:00",
                "started": "2026-11-20T22:31:04.612+01:00",
                "finished": None,
                "by": "anna",
                "attempts": 1,
                "video_id": "k3v9q0c2m7d1x8ap",
            }
        }
    )

    id: int
    """Grows with each job."""
    kind: str
    state: State
    progress: float
    """From 0 to 1."""
    seconds_left: float | None
    """Null while nobody knows."""
    result: dict[str, Any] | None
    """Of one that succeeded; its keys depend on the kind."""
    details: dict[str, Any]
    """Facts that are known when the job is ordered; the keys depend on the kind. A clip has `gaps`
    (`start`, `end`, `code`, `params`, `reason`), in which nothing was recorded, and `moved`
    (`field`, `asked`, `taken`), the times that lay in a gap and were moved."""
    error: str | None
    """Why it failed; of one that is queued or running again, why it had to begin anew."""
    created: datetime
    started: datetime | None
    """Of the last attempt."""
    finished: datetime | None
    by: str
    """Whose token asked for it."""
    attempts: int
    """How often it was begun since it was asked for."""
    video_id: str | None
    """The video that it reads; the first one of several."""

    @classmethod
    def of(cls, job: JobRow, zone: tzinfo) -> JobOut:
        left = job.seconds_left
        return cls(
            id=job.id,
            kind=job.kind,
            state=State(job.state),
            progress=round(job.progress, 4),
            seconds_left=None if left is None else round(left, 1),
            result=job.result,
            details=job.params.get("details", {}),
            error=job.error,
            created=local(job.created_at, zone),
            started=_time(job.started_at, zone),
            finished=_time(job.finished_at, zone),
            by=job.by,
            attempts=job.attempts,
            video_id=job.video_id,
        )


def _time(seconds: float | None, zone: tzinfo) -> datetime | None:
    return None if seconds is None else local(seconds, zone)
