"""The bodies of /api/recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from control_api.envelope import Shape
from control_api.recorder.recording import Origin
from control_api.recordings.reasons import Code
from control_api.values import Lasting, StudioName, Title

_LONGEST_SECONDS = 7 * 86_400.0
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


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


class ExtendIn(StudioIn):
    """How long to go on: exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"studio": "stage", "longer_by": "15m"}]}
    )

    until: datetime | ClockTime | None = None
    """A time with an offset, or `HH:MM`, the next time the clock shows it."""
    longer_by: Annotated[float, Lasting(60, 86_400.0)] | None = None
    """Seconds, or words such as 15m, from the end that is planned now."""


class FaultOut(Shape):
    """Something that is wrong."""

    code: Code
    params: dict[str, Any]
    since: datetime
    text: str
    """The same as a sentence in English."""


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
    until: datetime | None
    """When that ends, as far as is known now."""
    reason: str
    """Why it should, or should not."""
    reason_code: Code
    reason_params: dict[str, Any]
    overridden: bool
    """Whether an operator wants something else than the schedule."""
    in_window: bool
    """Whether a window of its schedule contains this moment."""
    since: datetime | None
    """Since when it records."""
    who: str | None
    """Who began it."""
    by: str | None
    """The same."""
    origin: Origin | None
    """manual, schedule, foreign: begun in OBS itself, or leitstand: by another one that is gone."""
    title: str
    file: str | None
    """The file's name."""
    duration: float
    """Seconds recorded."""
    bytes: float
    fault: str | None
    """The most severe of what is wrong, in words."""
    faults: list[FaultOut]
    """Everything that is wrong, the most severe first."""
    recording_id: int | None
    """Null as long as the database does not have it yet."""
    recorder_host: str | None
    """The host whose recorder controls the studio; null where it is the recorder of this host."""


class PauseOut(Shape):
    offset: float
    """Seconds into the file at which it goes on."""
    time: datetime
    """The time it was then."""


class RecordingOut(Shape):
    """One file that was or is being recorded."""

    id: int | None
    """Null as long as the database does not have it yet."""
    studio: str
    title: str
    origin: str
    """manual, schedule, foreign: begun in OBS itself, or leitstand: by another one that is gone."""
    who: str
    state: str
    """recording, stopping, checking, finished or damaged."""
    reason: str
    """Why it was recorded."""
    examination: str | None
    """Why its file is damaged, or could not be examined yet; null where there is nothing to say."""
    start: datetime
    end: datetime | None
    duration: float
    bytes: float
    file: str | None
    evening: int | None
    """The id of the first part of what belongs together."""
    anchors: list[PauseOut]
    """The clock along the file: its beginning, and the end of each pause."""
