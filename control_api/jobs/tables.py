"""The queue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class JobRow(Base):
    """One job. `reads` are the ids of all videos that it reads, `video_id` is the first of them.

    `attempts` counts how often it was begun since it was asked for. `attempt_number` names the
    last attempt: it grows with each and never starts again. `owner` is the identity of the process
    that made or makes this attempt, `heartbeat_at` the last sign of life from it, by the database's
    clock. `cancelling`: the owner is asked to cancel it.
    """

    __tablename__ = "jobs"
    # Whoever still asks for a job that was deleted must not be shown another one.
    __table_args__ = (Index("ix_jobs_by", "by", "state"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), index=True)
    progress: Mapped[float]
    seconds_left: Mapped[float | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None] = mapped_column(index=True)
    attempts: Mapped[int]
    video_id: Mapped[str | None] = mapped_column(String(16), index=True)
    reads: Mapped[list[str]] = mapped_column(JSON)
    owner: Mapped[str | None] = mapped_column(String(64))
    heartbeat_at: Mapped[float | None]
    attempt_number: Mapped[int] = mapped_column(default=0, server_default="0")
    cancelling: Mapped[bool] = mapped_column(default=False, server_default=false())
