"""The audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class AuditRow(Base):
    """One attempt to change something, refused ones included."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[float] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(200))
    status: Mapped[int]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    uid: Mapped[str | None] = mapped_column(String(32), index=True, unique=True)
    """The identity of one that came by way of the recorder."""
