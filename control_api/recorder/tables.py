"""The identity of a database, by which another one in its place is recognised."""

from __future__ import annotations

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from control_api.database import Base


class InstallationRow(Base):
    """One row. `written_at` shows that the database takes what is written (Unix seconds).

    `recorder` is where the recorder listens: `{"host": …, "folder": …}`.
    """

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[float]
    written_at: Mapped[float]
    recorder: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
