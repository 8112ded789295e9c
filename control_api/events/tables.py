"""What happened."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class EventRow(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[float] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    studio: Mapped[str | None] = mapped_column(String(63), index=True)
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    uid: Mapped[str | None] = mapped_column(String(32), index=True, unique=True)
    """The identity of one that the recorder sent."""
