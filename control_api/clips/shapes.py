"""What goes in and out of /api/clips and of the short form of an export."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from control_api.envelope import Shape
from control_api.values import Lasting, Title

Time = Annotated[
    Annotated[float, Field(ge=0, le=1e7)] | Annotated[str, Field(min_length=1, max_length=40)],
    Field(union_mode="left_to_right"),
]
Pixels = Annotated[int, Field(ge=16, le=7680, multiple_of=2)]
_DAY = 86_400.0


class ClipIn(Shape):
    """A part [start, end) of a video, or of what a studio recorded then."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"video_id": "k3v9q0c2m7d1x8ap", "start": 75.2, "end": 132},
                {"studio": "stage", "start": "20:31:10", "end": "20:44:05", "title": "Anna"},
            ]
        }
    )

    video_id: Annotated[str | None, Field(max_length=40)] = None
    studio: Annotated[str | None, Field(max_length=63)] = None
    """Instead of a video: whatever it recorded then, over the seams of its files."""
    start: Time
    """Seconds into the video, a clock time HH:MM[:SS[.mmm]], or an ISO time with its date."""
    end: Time
    """The same; not in the clip any more. One before the start crosses midnight."""
    mode: Literal["exact", "copy", "reencode"] = "exact"
    """exact: to the frame, at a copy's cost; copy: from the key frame before; reencode: anew."""
    container: Literal["mp4", "mkv", "webm"] = "mp4"
    title: Title = ""
    width: Pixels | None = None
    """Of a re-encoded clip."""
    height: Pixels | None = None
    video_bitrate: Annotated[int | None, Field(ge=10_000, le=200_000_000)] = None
    """Bits per second."""
    audio_only: bool = False


class ExportIn(Shape):
    """The short form: a video by its file's name, a part of it by the clock."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "filename": "2026-11-20 19-50-00.mkv",
                    "start_time": "20:30:00",
                    "end_time": "21:00:00",
                }
            ]
        }
    )

    filename: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    start_time: Time
    end_time: Time


class LinkIn(Shape):
    """How long a link is to be good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expires_in": "7d"}]})

    expires_in: Annotated[float, Lasting(60, 90 * _DAY)] = 7 * _DAY
    """Seconds, or words such as 12h or 7d; 90 days at most."""


class ClipOut(Shape):
    """A clip that is done."""

    id: str
    title: str
    studio: str | None
    start: datetime | None
    """When it was shot, where that is known."""
    duration: float
    size: int
    """Bytes."""
    mode_used: str
    verified: bool
    """Whether first and last frame, length and sound were checked against the source."""
    reason: str
    """Why another mode was used than the one asked for."""
    by: str
    created: datetime
    download_url: str


class LinkOut(Shape):
    """A link by which somebody without a token downloads one clip."""

    id: str
    url: str
    """To be put after the address under which that somebody reaches this service."""
    expires: datetime
    revoked: bool
    by: str
