"""The index of the videos, and the changes that are under way in their folders."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class VideoRow(Base):
    """One file: `name` within the folder that `folder` is the key of.

    `anchors` is a list of `[offset, wall]`, as a recording has them. `listed`, `on_timeline`,
    `sort_start`, `clock_seconds` (from start to end by the clock, pauses included) and `search`
    follow from the rest and are there for the indexes alone.
    """

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("folder", "name"),
        Index("ix_videos_by_start", "listed", "sort_start", "id"),
        Index("ix_videos_by_studio", "listed", "studio", "sort_start", "id"),
        Index("ix_videos_by_title", "listed", "title", "id"),
        Index("ix_videos_by_size", "listed", "size", "id"),
        Index("ix_videos_by_duration", "listed", "duration", "id"),
        Index("ix_videos_by_text", "listed", "search", "id"),
        Index("ix_videos_by_time", "on_timeline", "studio", "sort_start", "clock_seconds"),
        Index("ix_videos_by_evening", "evening_id", "listed"),
        Index("ix_videos_by_clock_seconds", "on_timeline", "studio", "clock_seconds"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    folder: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(1000))
    studio: Mapped[str | None] = mapped_column(String(63))
    title: Mapped[str] = mapped_column(String(200))
    notes: Mapped[str] = mapped_column(Text)
    start: Mapped[float | None]
    start_estimated: Mapped[bool]
    duration: Mapped[float]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    tracks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    """The sentence of `reason_code` (`FileCode`, empty where nothing is wrong)."""
    reason_code: Mapped[str] = mapped_column(String(40))
    reason_params: Mapped[dict[str, Any]] = mapped_column(JSON)
    examination: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The attempts (`Attempts.stored`) of an examination that is still to be made."""
    protected: Mapped[bool]
    created_at: Mapped[float]
    trashed_at: Mapped[float | None]
    missing_since: Mapped[float | None] = mapped_column(index=True)
    anchors: Mapped[list[list[float]]] = mapped_column(JSON)
    evening: Mapped[int | None] = mapped_column(index=True)
    evening_id: Mapped[str | None] = mapped_column(String(16))
    evening_title: Mapped[str] = mapped_column(String(200))
    """That of the evening, for the sidecar alone."""
    evening_by_hand: Mapped[bool]
    """Whether an operator has joined or split the evening, for the sidecar alone."""
    source: Mapped[str] = mapped_column(String(63))
    """Which camera of the studio recorded it; "" for its OBS."""
    recording_id: Mapped[int | None]
    added_by: Mapped[str] = mapped_column(String(100))
    listed: Mapped[bool]
    rendition_of: Mapped[str | None] = mapped_column(String(16), index=True)
    """The id of the video that it is a remux or a copy of."""
    is_edited: Mapped[bool]
    """Whether it was made out of another video by somebody: it is not on the timeline."""
    fingerprint: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    content: Mapped[str | None] = mapped_column(String(32), index=True)
    """What renditions of one recording have in common: follows from the fingerprint."""
    on_timeline: Mapped[bool]
    sort_start: Mapped[float]
    clock_seconds: Mapped[float]
    search: Mapped[str] = mapped_column(String(600))


class RevisionRow(Base):
    """The only row of its table: `number` grows with each change of the index."""

    __tablename__ = "library_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class IntentRow(Base):
    """A change of files that was begun; what a crash leaves of it is finished at the next start.

    `kind` is `note` (write the sidecar), `move` (from `source` to `target`, then `changes` are
    true of the row) or `purge`.
    """

    __tablename__ = "library_intents"

    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(1000))
    target: Mapped[str] = mapped_column(String(1000))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
