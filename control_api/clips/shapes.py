"""What goes in and out of /api/clips and of the short form of an export."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from control_api.envelope import Shape
from control_api.values import Lasting, Title

Time = Annotated[
    Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
    | Annotated[str, Field(min_length=1, max_length=40)],
    Field(union_mode="left_to_right"),
]
VideoId = Annotated[str, Field(max_length=40)]
Fade = Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=16, le=7680, multiple_of=2)]
_DAY = 86_400.0


class RangeIn(Shape):
    """One of several parts of a clip."""

    start: Time
    end: Time
    video_id: VideoId | None = None
    """Another one than the order's."""


class ChapterIn(Shape):
    """A chapter, until the next one or the end."""

    at: Time
    """Seconds into the clip, or a clock time within one of its parts."""
    title: Annotated[Title, Field(min_length=1)]


class LogoIn(Shape):
    """How the logo (PUT /api/clips/logo) is shown."""

    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "top-right"
    width: Annotated[float, Field(ge=0.02, le=0.5, allow_inf_nan=False)] = 0.15
    """As a share of the picture's."""
    opacity: Annotated[float, Field(ge=0.05, le=1, allow_inf_nan=False)] = 1.0


class ClipIn(Shape):
    """A part [start, end) of a video, or of what a studio recorded then; or several, joined."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"video_id": "k3v9q0c2m7d1x8ap", "start": 75.2, "end": 132},
                {"studio": "stage", "start": "20:31:10", "end": "20:44:05", "title": "Anna"},
                {
                    "studio": "stage",
                    "ranges": [
                        {"start": "20:31:10", "end": "20:44:05"},
                        {"start": "21:15:00", "end": "21:22:30"},
                    ],
                    "chapters": [
                        {"at": "20:31:10", "title": "Anna"},
                        {"at": "21:15:00", "title": "Encore"},
                    ],
                    "container": "mkv",
                },
                {
                    "video_id": "k3v9q0c2m7d1x8ap",
                    "start": "20:31:10",
                    "end": "20:44:05",
                    "mode": "reencode",
                    "height": 720,
                    "fade_in": 1,
                    "fade_out": 2,
                    "logo": {"corner": "bottom-right", "width": 0.12},
                },
                {"video_id": "k3v9q0c2m7d1x8ap", "start": 0, "end": 60, "container": "m4a"},
                {"studio": "stage", "last": 720, "title": "Anna"},
            ]
        }
    )

    video_id: VideoId | None = None
    studio: Annotated[str | None, Field(max_length=63)] = None
    """Instead of a video: whatever it recorded then, over the seams of its files."""
    evening_id: VideoId | None = None
    """Instead of either: an evening; a clock time is looked for in all its parts."""
    start: Time | None = None
    """Seconds into the video, a clock time HH:MM[:SS[.mmm]], or an ISO time with its date."""
    end: Time | None = None
    """The same; not in the clip any more. One before the start crosses midnight."""
    last: Annotated[float | None, Field(ge=1, le=43_200, allow_inf_nan=False)] = None
    """The length in seconds by the clock, up to the newest second that can be read, instead of
    start and end; of a studio that records, or has within the last 30 minutes."""
    ranges: Annotated[list[RangeIn] | None, Field(min_length=1, max_length=20)] = None
    """Instead of start and end: several, joined in this order."""
    chapters: Annotated[list[ChapterIn] | None, Field(max_length=200)] = None
    """Null: one for each of several ranges, called by its clock time."""
    mode: Literal["exact", "copy", "reencode"] = "exact"
    """exact: to the frame, at a copy's cost; copy: from the key frame before; reencode: anew."""
    container: Literal["mp4", "mkv", "webm", "m4a", "mka"] = "mp4"
    """webm holds VP8, VP9, AV1, Opus and Vorbis: what is anything else is re-encoded for it, and
    the clip's `reason` says so. m4a and mka are mp4 and mkv with sound alone."""
    title: Title = ""
    width: Pixels | None = None
    """Of a re-encoded clip; one of width and height is enough."""
    height: Pixels | None = None
    video_bitrate: Annotated[int | None, Field(ge=10_000, le=200_000_000)] = None
    """Bits per second; with mode reencode."""
    audio_bitrate: Annotated[int | None, Field(ge=16_000, le=512_000)] = None
    """Bits per second; with mode reencode."""
    audio_only: bool = False
    fade_in: Fade = 0.0
    """Seconds in which picture and sound come up; with mode reencode."""
    fade_out: Fade = 0.0
    """Seconds in which picture and sound go down; with mode reencode."""
    logo: LogoIn | None = None
    """With mode reencode."""
    gaps: Literal["join", "refuse"] = "join"
    """join: where nothing was recorded for a while, what there is is joined and the clip is
    shorter; a start or end at which nothing was recorded moves to the nearest recorded moment
    inside the range, as does an end after the newest second of a running recording. The job lists
    both in its details. refuse: that is an error."""


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


class LogoOut(Shape):
    """The logo as it is kept."""

    width: int
    height: int
    """Pixels."""
    url: str


class NoteOut(Shape):
    """Something that could not be done exactly."""

    code: Literal["audio_packets_skipped", "audio_encoded"]
    """audio_packets_skipped: some of a track cannot be decoded and are missing; audio_encoded: the
    audio was encoded instead of copied."""
    params: dict[str, Any]
    """`track`, `count` and `first`, the second of the clip of the first one; or `track` (null: all)
    and `why`."""


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
    notes: list[NoteOut]
    """What could not be done exactly."""
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
