"""What may be changed while the service runs, with bounds and meaning: a setting is one line here.

Durations are seconds or words such as `1h30m`; what is left empty is null.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from leitstand.config.values import Duration

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_LONGEST_TEXT = 200
DAY = 86_400.0


def _check_text(value: str) -> str:
    if not value.isprintable() or len(value) > _LONGEST_TEXT:
        raise ValueError(f"must be one line of at most {_LONGEST_TEXT} characters, or null")
    return value


def _check_time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError("must be a time of day from 00:00 to 23:59, such as 23:30, or null")
    return value


def _empty_is_null(value: Any) -> Any:
    return None if value == "" else value


Text = Annotated[
    Annotated[str, AfterValidator(_check_text)] | None, BeforeValidator(_empty_is_null)
]
TimeOfDay = Annotated[
    Annotated[str, AfterValidator(_check_time)] | None, BeforeValidator(_empty_is_null)
]


class Group(BaseModel):
    """Frozen: a change makes new settings, so whoever holds these sees one state."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RecordingSettings(Group):
    max_duration: Duration = Field(
        DAY / 2, ge=60, le=7 * DAY, description="longest recording by hand, unless it says its own"
    )


class PreviewSettings(Group):
    interval: Duration = Field(2.0, ge=0.5, le=60, description="how old a picture may be")
    width: int = Field(640, ge=64, le=1920, description="width of the picture in pixels")


class ShutdownSettings(Group):
    at: TimeOfDay = Field(None, description="when this machine shuts down every day; null: never")
    grace: Duration = Field(
        60.0, ge=0, le=3600, description="from the announcement of a shutdown to the shutdown"
    )


class RetentionSettings(Group):
    max_age: Annotated[Duration, Field(ge=3600, le=3650 * DAY)] | None = Field(
        None, description="videos older than this go to the trash; null: never"
    )
    max_bytes: int | None = Field(
        None, ge=0, le=2**60, description="all videos together, the oldest go; null: any size"
    )
    min_free_bytes: int | None = Field(
        None,
        ge=0,
        le=2**60,
        description="free on each disk: the trash, then the oldest go for good; null: no limit",
    )


class EventSettings(Group):
    keep_days: int = Field(365, ge=1, le=3650, description="how many days events are kept")


class JobSettings(Group):
    workers: int = Field(1, ge=1, le=4, description="how many jobs run at once")
    most_queued_per_token: int = Field(
        20, ge=1, le=1000, description="jobs that one token may have that are not done"
    )


class StudioSettings(Group):
    title: Text = Field(None, description="title of recordings that are given none")
    camera_input: Text = Field(None, description="OBS's name of the camera, for a reload")
    microphone_input: Text = Field(None, description="the input that is muted if none is named")
    mute_scene: Text = Field(
        None, description="scene to switch to instead of muting an input; null: mute the input"
    )
    logo_scene: Text = Field(None, description="scene that the logo is in")
    logo_item: Text = Field(None, description="the logo's name in that scene")
    guard_minutes: float | None = Field(
        None,
        ge=0,
        le=720,
        description="silent minutes after which the camera is restarted; null or 0: never",
    )


class Settings(Group):
    recording: RecordingSettings = RecordingSettings()
    preview: PreviewSettings = PreviewSettings()
    shutdown: ShutdownSettings = ShutdownSettings()
    retention: RetentionSettings = RetentionSettings()
    events: EventSettings = EventSettings()
    jobs: JobSettings = JobSettings()
    studios: dict[str, StudioSettings] = {}

    def studio(self, name: str) -> StudioSettings:
        """Those of a studio that is under control."""
        return self.studios[name]
