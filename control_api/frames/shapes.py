"""What goes in and out of the routes for pictures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from control_api.envelope import Shape

Time = Annotated[
    Annotated[float, Field(ge=0, le=1e7)] | Annotated[str, Field(min_length=1, max_length=40)],
    Field(union_mode="left_to_right"),
]
Width = Annotated[int, Field(ge=16, le=1920)]


class FrameIn(Shape):
    """The short form: a video by its file's name, a moment by the clock."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filename": "2026-11-20 19-50-00.mkv", "time": "20:31:10.250"}]
        }
    )

    filename: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    time: Time
    """Seconds into the video, a clock time HH:MM[:SS[.mmm]], or an ISO time with its date."""
    width: Width = 1920
    """At most so many pixels wide; never wider than the video."""
    format: Literal["jpeg", "png", "webp"] = "jpeg"


class StripOut(Shape):
    """Which moments the pictures of a strip show."""

    count: int
    width: int
    """Of one picture, in pixels; they stand side by side, the first one left."""
    height: int
    duration: float
    """Of the video, in seconds; each picture stands for an equal part of it."""
    times: list[float]
    """When each picture is shown, in seconds into the video."""
    url: str
    """The strip itself."""
