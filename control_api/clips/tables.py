"""Clips, and the links by which somebody without a token may download one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class ClipRow(Base):
    """One clip. `name` is that of its file in the folder of clips; `spans` say what it was cut
    from: `[video id, start, end]`, seconds into the video. `notes` have
    what could not be done exactly, each with `code` and `params`."""

    __tablename__ = "clips"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    studio: Mapped[str | None] = mapped_column(String(63))
    start: Mapped[float | None]
    duration: Mapped[float]
    size: Mapped[int] = mapped_column(BigInteger)
    mode_used: Mapped[str] = mapped_column(String(10))
    verified: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    spans: Mapped[list[list[Any]]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[float] = mapped_column(index=True)


class LinkRow(Base):
    """A link to a clip, good until `expires_at` unless it was revoked."""

    __tablename__ = "links"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    clip_id: Mapped[str] = mapped_column(ForeignKey("clips.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[float]
    created_at: Mapped[float]
    by: Mapped[str] = mapped_column(String(100))
    revoked_at: Mapped[float | None]
