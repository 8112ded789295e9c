"""The two tables through which an API reaches the recorder of another host. Called in transactions.

A recorder publishes the status of the studios whose lease it holds, and takes the requests for
them. All times are by the database's clock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from control_api.database_clock import read_clock
from control_api.leases import LeaseRow
from control_api.recorder.ownership import LEASE_PREFIX
from control_api.recorder.protocol import Answer
from control_api.recorder.status import RecorderStatus
from control_api.recorder.tables import CommandRequestRow, PublishedStatusRow

LATE_SECONDS = 8.0
"""A request of this age is not carried out any more."""
_AHEAD_SECONDS = 1.0
_KEPT_SECONDS = 60.0
_MOST_AT_ONCE = 64
"""As many as the socket keeps connections."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request that this recorder alone may carry out, for `seconds_left` more."""

    id: int
    studio: str
    command: str
    body: dict[str, Any]
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Published:
    """A studio's status, of the whole recorder with this studio alone; `age` is in seconds."""

    status: RecorderStatus
    age: float


def publish(session: Session, instance: str, statuses: Mapping[str, RecorderStatus]) -> None:
    """Write the status of each studio whose lease `instance` holds."""
    held, now = _held(session, instance), read_clock(session)
    for studio, status in statuses.items():
        if studio in held:
            session.merge(PublishedStatusRow(studio=studio, published_at=now, status=_json(status)))


def published(session: Session, studios: Collection[str]) -> tuple[Mapping[str, Published], float]:
    """By studio, and the database's time at which this was read."""
    now = read_clock(session)
    rows = session.scalars(select(PublishedStatusRow).where(PublishedStatusRow.studio.in_(studios)))
    found = {}
    for row in rows:
        # One of another version may not be understood.
        with contextlib.suppress(msgspec.ValidationError):
            status = msgspec.convert(row.status, RecorderStatus)
            found[row.studio] = Published(status, now - row.published_at)
    return found, now


def ask(session: Session, studio: str, command: str, body: Any, asked_at: float) -> int:
    """Leave a request; returns its number."""
    row = CommandRequestRow(studio=studio, command=command, body=_json(body), asked_at=asked_at)
    session.add(row)
    session.flush()
    return row.id


def is_waiting(session: Session, studios: Collection[str]) -> bool:
    """Whether there is a request for one of the studios."""
    waiting = select(CommandRequestRow.id).where(
        CommandRequestRow.claimed_at.is_(None), CommandRequestRow.studio.in_(studios)
    )
    return session.scalar(waiting.limit(1)) is not None


def claim(session: Session, instance: str, studios: Collection[str]) -> Sequence[Claimed]:
    """Take the requests for those of the studios whose lease `instance` holds, oldest first.

    What is too old is answered here, and nothing else is done with it.
    """
    now = read_clock(session)
    mine = _held(session, instance) & set(studios)
    waiting = select(CommandRequestRow.id).where(
        CommandRequestRow.claimed_at.is_(None), CommandRequestRow.studio.in_(mine)
    )
    oldest = waiting.order_by(CommandRequestRow.id).limit(_MOST_AT_ONCE)
    taken = session.scalars(
        update(CommandRequestRow)
        .where(CommandRequestRow.claimed_at.is_(None), CommandRequestRow.id.in_(oldest))
        .values(claimed_at=now)
        .returning(CommandRequestRow)
    ).all()
    claimed = []
    for row in sorted(taken, key=lambda row: row.id):
        left = row.asked_at - now + LATE_SECONDS
        # One of a moment to come was asked before the database's clock was set back.
        if not 0 < left <= LATE_SECONDS + _AHEAD_SECONDS:
            answer(session, row.id, too_late())
        else:
            claimed.append(Claimed(row.id, row.studio, row.command, row.body, left))
    return claimed


def too_late() -> Answer:
    """The answer to a request that was found only when it was too old."""
    return Answer(error="too late: the recorder found it late, and has done nothing", status=503)


def answer(session: Session, number: int, given: Answer) -> None:
    """Say what a request came to."""
    session.execute(
        update(CommandRequestRow)
        .where(CommandRequestRow.id == number)
        .values(answered_at=read_clock(session), answer=_json(given))
    )


def answer_to(session: Session, number: int) -> Answer | None:
    """What the recorder answered; None as long as it has not."""
    row = session.get(CommandRequestRow, number)
    return None if row is None or row.answer is None else msgspec.convert(row.answer, Answer)


def withdraw(session: Session, number: int) -> bool:
    """Take a request back; False if a recorder has it already."""
    done = session.execute(
        delete(CommandRequestRow)
        .where(CommandRequestRow.id == number, CommandRequestRow.claimed_at.is_(None))
        .returning(CommandRequestRow.id)
    )
    return done.first() is not None


def forget_old(session: Session) -> None:
    """Remove the requests that nobody waits for any more."""
    now = read_clock(session)
    is_kept = CommandRequestRow.asked_at.between(now - _KEPT_SECONDS, now + _KEPT_SECONDS)
    session.execute(delete(CommandRequestRow).where(~is_kept))


def _held(session: Session, instance: str) -> set[str]:
    """The studios whose lease `instance` holds."""
    is_mine = LeaseRow.holder == instance, LeaseRow.name.startswith(LEASE_PREFIX)
    names = session.scalars(select(LeaseRow.name).where(*is_mine))
    return {name.removeprefix(LEASE_PREFIX) for name in names}


def _json(value: Any) -> Any:
    """As the socket's protocol would send it."""
    return msgspec.json.decode(msgspec.json.encode(value))
