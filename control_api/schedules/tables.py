"""Schedules, and what became of each of their windows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class ScheduleRow(Base):
    """Times are local: `HH:MM[:SS]`; dates `YYYY-MM-DD`; weekdays `mon` to `sun`."""

    __tablename__ = "schedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    studio: Mapped[str] = mapped_column(String(63), index=True)
    weekdays: Mapped[list[str]] = mapped_column(JSON)
    start: Mapped[str] = mapped_column(String(8))
    end: Mapped[str] = mapped_column(String(8))
    timezone: Mapped[str] = mapped_column(String(64))
    skip: Mapped[list[str]] = mapped_column(JSON)
    add: Mapped[list[str]] = mapped_column(JSON)
    enabled: Mapped[bool]
    created_at: Mapped[float]
    updated_at: Mapped[float]


class RunRow(Base):
    """One window: what of it was recorded, and why the rest was not.

    `gaps` is a list of `{"start": …, "end": …, "code": …, "params": …, "reason": …}` in Unix
    seconds. `date` is the local date of its start. A run outlives its schedule.
    """

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("schedule_id", "start"),
        Index("ix_runs_date", "schedule_id", "date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(index=True)
    studio: Mapped[str] = mapped_column(String(63), index=True)
    title: Mapped[str] = mapped_column(String(200))
    start: Mapped[float] = mapped_column(index=True)
    end: Mapped[float]
    outcome: Mapped[str] = mapped_column(String(20), index=True)
    recorded_seconds: Mapped[float]
    gaps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    accounted_until: Mapped[float]
    date: Mapped[str | None] = mapped_column(String(10))
