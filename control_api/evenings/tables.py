"""Evenings; which videos are parts of one is said by the videos."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class EveningRow(Base):
    """One evening of one studio, seen by one `source`: a camera's name, or "" for the studio's OBS.

    The id never changes, and the sidecars of the parts have it. `date` is the local date of
    `start`. `is_by_hand`: an operator has joined or split it, so no program does.
    """

    __tablename__ = "evenings"
    __table_args__ = (Index("ix_evenings_by_start", "studio", "source", "start"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    studio: Mapped[str] = mapped_column(String(63))
    source: Mapped[str] = mapped_column(String(63))
    title: Mapped[str] = mapped_column(String(200))
    start: Mapped[float] = mapped_column(index=True)
    end: Mapped[float]
    date: Mapped[str] = mapped_column(String(10), index=True)
    is_by_hand: Mapped[bool]
