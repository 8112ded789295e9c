"""The identity of a database, and what recorders and APIs of several hosts exchange through it."""

from __future__ import annotations

from typing import Any

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


class PublishedStatusRow(Base):
    """A studio's status, as the recorder that holds its lease last wrote it.

    `status` is a RecorderStatus with this studio alone; `published_at` is by the database's clock.
    """

    __tablename__ = "recorder_status"

    studio: Mapped[str] = mapped_column(String(63), primary_key=True)
    published_at: Mapped[float]
    status: Mapped[dict[str, Any]] = mapped_column(JSON)


class CommandRequestRow(Base):
    """A command to the recorder of another host. Times are Unix seconds of the database's clock.

    It is carried out at most once: by whoever sets `claimed_at`.
    """

    __tablename__ = "recorder_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    studio: Mapped[str] = mapped_column(String(63))
    command: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_at: Mapped[float]
    claimed_at: Mapped[float | None]
    answered_at: Mapped[float | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
