"""What the API reports of an evening, in the shapes of the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from control_api.recorder.runs import Gap, Run
from control_api.recordings.reasons import Code
from control_api.schedules.runs import Outcome
from tests.venue import ZONE, Venue


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """One event; `time` in Unix seconds."""

    time: float
    kind: str
    message: str
    data: dict[str, Any]


def events_of(venue: Venue) -> list[ReportedEvent]:
    """Those of the studio, oldest first."""
    found = venue.call("GET", "/events?limit=1000&studio=stage")
    return [
        ReportedEvent(_unix(each["time"]), each["kind"], each["message"], each["data"])
        for each in reversed(found)
    ]


def rows_of(venue: Venue) -> list[str]:
    """The files of all recordings."""
    return [str(each["file"]) for each in venue.call("GET", "/recordings?limit=1000")]


def runs_of(venue: Venue, begin: int) -> list[Run]:
    """The accounts of all windows as soon as each is closed; nothing before that."""
    found = [_run(each) for each in venue.call("GET", "/schedules/runs")]
    is_over = not venue.status["recording"] and found
    return found if is_over and all(r.outcome is not Outcome.RUNNING for r in found) else []


def _run(reported: dict[str, Any]) -> Run:
    start, end = _unix(reported["start"]), _unix(reported["end"])
    return Run(
        schedule_id=reported["schedule_id"],
        date=datetime.fromtimestamp(start, ZONE).date().isoformat(),
        studio=reported["studio"],
        title=reported["title"],
        start=start,
        end=end,
        accounted_until=end,
        recorded_seconds=reported["recorded_seconds"],
        gaps=[
            Gap(
                _unix(gap["start"]),
                _unix(gap["end"]),
                Code(gap["reason_code"]),
                gap["reason_params"],
            )
            for gap in reported["gaps"]
        ],
        outcome=Outcome(reported["outcome"]),
    )


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
