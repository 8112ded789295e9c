"""What goes in and out of /api/evenings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from control_api.envelope import Shape
from control_api.values import Title

VideoId = Annotated[str, Field(max_length=40)]


class RenameIn(Shape):
    """What the evening is to be called."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Premiere"}]})

    title: Title


class JoinIn(Shape):
    """The evening whose parts become parts of this one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"evening": "c0ffee0123456789"}]})

    evening: VideoId


class SplitIn(Shape):
    """The part with which the new evening begins, or a time: then it is the first part that begins
    no earlier."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"video_id": "c0ffee0123456789"}]})

    video_id: VideoId | None = None
    at: AwareDatetime | None = None
    evening: VideoId | None = None
    """The id that the new evening is to have: of one that has been joined and has no parts."""

    @model_validator(mode="after")
    def _one_place(self) -> SplitIn:
        if (self.video_id is None) == (self.at is None):
            raise ValueError("one of video_id and at is needed")
        return self

    @property
    def where(self) -> str | float:
        return self.video_id if self.at is None else self.at.timestamp()  # type: ignore[return-value]


class EveningOut(Shape):
    """What belongs together of one studio's recordings."""

    id: str
    """It never changes."""
    studio: str
    source: str
    """Which camera of the studio; "" for its OBS."""
    title: str
    date: date
    """The local date of its start."""
    start: datetime
    end: datetime
    parts: int
    """How many videos it has."""
    recorded: float
    """Seconds of all its videos together."""
    size: int
    """Bytes of all its videos together."""
    running: bool = False
    """Whether a part of it is being recorded; `end` is then the newest second that can be read, in
    a list that of the last scan."""


class EveningsOut(Shape):
    """Some evenings, and how many there are in all."""

    items: list[EveningOut]
    total: int


class PartOut(Shape):
    """A video of an evening."""

    id: str
    name: str
    """The file's name."""
    title: str
    start: datetime
    end: datetime
    duration: float
    state: str


class SpanOut(Shape):
    """A range of time and where it is found: spans never overlap, so each second is there once."""

    start: datetime
    end: datetime
    video_id: str
    offset: float
    """Seconds into the video at which the span starts."""


class GapOut(Shape):
    """A range of time in which nothing was recorded."""

    start: datetime
    end: datetime
    code: str
    """That of the recorder's account, or no_account, paused, video_unusable, no_video,
    not_written."""
    params: dict[str, Any]
    reason: str
    """The same as a sentence in English."""


class EveningDetailOut(EveningOut):
    """An evening with all that it is made of, by time."""

    videos: list[PartOut]
    spans: list[SpanOut]
    gaps: list[GapOut]
