"""Leases in the database: at most one process holds each, by the database's clock.

All who compete for a lease ask for the same number of seconds. A lease that ran out stays its
holder's until another process takes it. `epoch` grows whenever the holder changes, so that what
an earlier holder still writes can be told from what the present one does.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from control_api.database import Base, Database
from control_api.database_clock import read_clock


class LeaseRow(Base):
    """A lease, held or not: then `holder` is empty. Times are Unix seconds of the database."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    host: Mapped[str] = mapped_column(String(255))
    epoch: Mapped[int]
    since: Mapped[float]
    expires_at: Mapped[float]


@dataclass(frozen=True, slots=True)
class Lease:
    """What was granted: `since` is when this holder took it."""

    name: str
    holder: str
    host: str
    epoch: int
    since: float
    expires_at: float


class Leases:
    """Everything here raises what the database raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take a lease that is free, or ran out, or is the holder's already; None: another's."""
        with self._database.begin() as session:
            return take_lease(session, name, holder, seconds)

    def renew(self, lease: Lease, seconds: float) -> Lease | None:
        """Hold it for longer; None: it was taken by another, and is lost."""
        with self._database.begin() as session:
            row = _held(session, lease)
            if row is None:
                return None
            row.expires_at = read_clock(session) + seconds
            return _lease(row)

    def release(self, lease: Lease) -> bool:
        """Let another take it at once; whether it was still held."""
        with self._database.begin() as session:
            row = _held(session, lease)
            if row is None:
                return False
            row.holder, row.host = "", ""
            row.epoch += 1
            row.since = row.expires_at = read_clock(session)
            return True

    def holder_of(self, name: str) -> Lease | None:
        """Who holds it at this moment; None: it is free, or ran out."""
        with self._database.reading() as session:
            return read_lease(session, name)


def take_lease(session: Session, name: str, holder: str, seconds: float) -> Lease | None:
    """The same as `Leases.acquire` in a transaction that writes."""
    now = read_clock(session)
    row = session.get(LeaseRow, name)
    if row is None:
        row = LeaseRow(name=name, holder="", host="", epoch=0, since=now, expires_at=now)
        session.add(row)
    if row.holder not in ("", holder) and row.expires_at > now:
        return None
    if row.holder != holder:
        row.holder, row.host, row.since = holder, socket.gethostname(), now
        row.epoch += 1
    row.expires_at = now + seconds
    return _lease(row)


def read_lease(session: Session, name: str) -> Lease | None:
    """The same as `Leases.holder_of` in a transaction."""
    row = session.get(LeaseRow, name)
    if row is None or not row.holder or row.expires_at <= read_clock(session):
        return None
    return _lease(row)


def _held(session: Session, lease: Lease) -> LeaseRow | None:
    row = session.get(LeaseRow, lease.name)
    is_held = row is not None and (row.holder, row.epoch) == (lease.holder, lease.epoch)
    return row if is_held else None


def _lease(row: LeaseRow) -> Lease:
    return Lease(row.name, row.holder, row.host, row.epoch, row.since, row.expires_at)
