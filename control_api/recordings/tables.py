"""What was recorded, and what an operator wants."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class OverrideRow(Base):
    """What an operator wants of a studio, whatever its schedules say: at most one a studio."""

    __tablename__ = "overrides"

    studio: Mapped[str] = mapped_column(String(63), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    since: Mapped[float]
    until: Mapped[float]
    who: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    windows: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True))
    """`[schedule, date]` of the windows that a stop holds for."""


class ExtensionRow(Base):
    """A later end of one window that an operator asked for (Unix seconds)."""

    __tablename__ = "extensions"

    schedule_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    date: Mapped[str] = mapped_column(String(10), primary_key=True)
    studio: Mapped[str] = mapped_column(String(63), index=True)
    until: Mapped[float]
    who: Mapped[str] = mapped_column(String(100))


class RecordingRow(Base):
    """One file. `evening` is the id of the first part of what belongs together.

    `pauses` is a list of `[offset, wall]`: at `offset` seconds into the file the recording went on
    at the Unix time `wall`; the first is its beginning.
    """

    __tablename__ = "recordings"

    id: Mapped[int] = mapped_column(primary_key=True)
    studio: Mapped[str] = mapped_column(String(63), index=True)
    origin: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    who: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(12), index=True)
    obs_path: Mapped[str | None] = mapped_column(Text)
    file: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[float] = mapped_column(index=True)
    ended_at: Mapped[float | None]
    seen_at: Mapped[float]
    duration: Mapped[float]
    bytes: Mapped[float]
    anchors: Mapped[list[list[float]]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    evening: Mapped[int | None] = mapped_column(index=True)
    schedule_ids: Mapped[list[int]] = mapped_column(JSON)
    stop_wanted: Mapped[bool]
    extra: Mapped[dict[str, Any]] = mapped_column(JSON)
    uid: Mapped[str | None] = mapped_column(String(32), index=True, unique=True)
    """The identity that the recorder gave it."""
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason_params: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class HeartbeatRow(Base):
    """When the reconciler of a studio last looked: what came after was nobody's watch."""

    __tablename__ = "heartbeats"

    studio: Mapped[str] = mapped_column(String(63), primary_key=True)
    at: Mapped[float]
