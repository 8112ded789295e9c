"""What goes in and out of /api/recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict

from control_api.envelope import Shape
from control_api.values import Lasting, StudioName, Title

_LONGEST_SECONDS = 7 * 86_400.0


class StudioIn(Shape):
    """Which studio; may be left out where there is one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"studio": "stage"}]})

    studio: StudioName | None = None
    """Its name in the configuration."""


class StartIn(StudioIn):
    """What to record, and for how long at most."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"studio": "stage", "title": "Rehearsal", "max_duration": "1h30m"}]
        }
    )

    title: Title = ""
    """Shown in lists."""
    max_duration: Annotated[float, Lasting(1, _LONGEST_SECONDS)] | None = None
    """Seconds, or words such as 1h30m; as `recording.max_duration` says unless given."""


class StatusOut(Shape):
    """A studio's recording at this moment."""

    studio: str
    connected: bool
    """Whether OBS answers."""
    recording: bool
    paused: bool
    verified: bool
    """Whether its file was seen to grow; OBS's word alone is not enough."""
    desired: bool
    """Whether it should record."""
    reason: str
    """Why it should, or should not."""
    since: datetime | None
    """Since when it records."""
    who: str | None
    """Who began it."""
    title: str
    file: str | None
    """The file's name."""
    duration: float
    """Seconds recorded."""
    bytes: float
    fault: str | None
    """What is wrong, in words."""
    recording_id: int | None


class PauseOut(Shape):
    offset: float
    """Seconds into the file at which it goes on."""
    time: datetime
    """The time it was then."""


class RecordingOut(Shape):
    """One file that was or is being recorded."""

    id: int
    studio: str
    title: str
    origin: str
    """manual, schedule, or foreign: begun in OBS itself."""
    who: str
    state: str
    """recording, stopping, checking, finished or damaged."""
    reason: str
    start: datetime
    end: datetime | None
    duration: float
    bytes: float
    file: str | None
    evening: int | None
    """The id of the first part of what belongs together."""
    anchors: list[PauseOut]
    """The clock along the file: its beginning, and the end of each pause."""
