"""What goes in and out of /api/videos."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from control_api.envelope import Shape
from control_api.library.reasons import FileCode
from control_api.values import Title

Notes = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


class EditIn(Shape):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Dress rehearsal", "notes": "Sound from 20:10."}]}
    )

    title: Title | None = None
    notes: Notes | None = None


class RenameIn(Shape):
    """The new name, without folder and extension."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Dress rehearsal"}]})

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """1 to 120 letters, digits, spaces and -_.(); the extension stays."""


class AnchorOut(Shape):
    offset: float
    """Seconds into the file."""
    time: datetime
    """The time it was then."""


class RenditionOut(Shape):
    """A remux or a copy of a video."""

    id: str
    name: str
    size: int
    """Bytes."""
    state: str


class VideoOut(Shape):
    """One file of the library."""

    id: str
    name: str
    """The file's name."""
    studio: str | None
    """Who recorded it, where that is known."""
    title: str
    notes: str
    start: datetime | None
    """When it begins by the clock."""
    end: datetime | None
    start_estimated: bool
    """Whether the start was worked out from names and times instead of recorded."""
    duration: float
    """Seconds of picture and sound."""
    size: int
    """Bytes."""
    tracks: list[dict[str, Any]]
    """Of each its kind (video, audio), codec, language, and what goes with the kind."""
    state: str
    """ready, writing, unexamined, damaged or trashed."""
    reason: str
    """Why it is damaged, or its end is, or why it is not examined yet; in English."""
    newest: float | None = None
    """Of one that is being written, asked for by its id: up to which second it can be read now;
    null with a `reason_code` where it cannot."""
    newest_time: datetime | None = None
    """The same by the clock."""
    reason_code: FileCode | None
    reason_params: dict[str, Any]
    examine_at: datetime | None
    """From when its file is looked into again; null where that is not needed."""
    protected: bool
    """Whether neither people nor retention may delete it."""
    evening: int | None
    """The id of the first recording of what belongs together."""
    evening_id: str | None
    """The evening that it is a part of; see /api/evenings."""
    evening_title: str
    recording_id: int | None
    anchors: list[AnchorOut]
    """The clock along the file: its beginning, and the end of each pause."""
    created_at: datetime
    """Since when it is known."""
    trashed_at: datetime | None
    rendition_of: str | None
    """The id of the video that it is a remux or a copy of: both have the same packets."""
    renditions: list[RenditionOut]
    """Its remuxes and copies, which lists do not have: they are protected and deleted with it."""
    edited: bool
    """Whether somebody made it out of another video: it is not on the studio's timeline."""


class PageOut(Shape):
    """Some videos, and how many there are in all."""

    items: list[VideoOut]
    total: int


class DeletedOut(VideoOut):
    """A video that was deleted: its state is trashed, or deleted."""

    frees_bytes: int
    """What becomes free; 0 for a file that has another name too."""
    frees_at: datetime
    """When it is free; earlier where space is short."""


class EmptiedOut(Shape):
    """What was deleted out of the trash for good."""

    videos: int
    bytes: int
    """What is free now."""
    kept: int
    """Videos that stay in it: protected, in use or not reachable."""


class DoomedOut(Shape):
    """A video that retention would take."""

    id: str
    name: str
    title: str
    start: datetime | None
    size: int
    reason: str
    """age, size or space."""
    trashed: bool
    """Whether it is in the trash."""
    for_good: bool
    """Whether it would be deleted at once, as space is short; otherwise it goes to the trash."""


class RetentionOut(Shape):
    """What retention would take now; nothing is done."""

    items: list[DoomedOut]
    """The first 1,000 in their order: of the trash, then the others, oldest first."""
    total: int
    bytes: int
    trash_total: int
    """How many videos are in the trash now."""
    trash_bytes: int


class ScanOut(Shape):
    """The scan that runs, or the last one; counts are files."""

    running: bool
    started_at: datetime | None
    ended_at: datetime | None
    seen: int
    pending: int
    """Still to be examined."""
    examined: int
    writing: int
    vanished: int
    failed: int
