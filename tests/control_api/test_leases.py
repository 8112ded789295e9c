"""Leases by the database's clock, and which process does what is done only once."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from control_api.clock import SystemClock
from control_api.database import Database
from control_api.database_clock import read_clock
from control_api.leadership import NAME, Leadership
from control_api.leases import LeaseRow, Leases


def run_out(database: Database) -> None:
    """As if the time of every lease had passed."""
    with database.begin() as session:
        session.execute(update(LeaseRow).values(expires_at=read_clock(session) - 0.001))


def test_the_clock_is_the_databases(database: Database) -> None:
    with database.reading() as session:
        first, second = read_clock(session), read_clock(session)
    # Of this machine here; also within a transaction it goes on.
    assert first == pytest.approx(time.time(), abs=60)
    assert second >= first


def test_one_holder_until_it_releases_or_runs_out(database: Database) -> None:
    leases = Leases(database)
    first = leases.acquire("studio", "a", 30)
    assert first is not None
    assert (first.holder, first.epoch) == ("a", 1)
    assert first.expires_at - first.since == pytest.approx(30, abs=0.01)
    assert leases.acquire("studio", "b", 30) is None
    other = leases.acquire("another", "b", 30)
    assert other is not None
    assert leases.holder_of("studio") == first
    assert leases.release(first)
    assert leases.holder_of("studio") is None
    second = leases.acquire("studio", "b", 30)
    assert second is not None
    assert second.epoch > first.epoch
    run_out(database)
    assert leases.holder_of("studio") is None
    third = leases.acquire("studio", "a", 30)
    assert third is not None
    assert third.epoch == second.epoch + 1
    assert third.since >= second.since


def test_the_same_holder_keeps_its_epoch(database: Database) -> None:
    leases = Leases(database)
    first = leases.acquire("studio", "a", 30)
    assert first is not None
    again = leases.acquire("studio", "a", 60)
    assert again is not None
    assert (again.epoch, again.since) == (first.epoch, first.since)
    assert again.expires_at > first.expires_at
    run_out(database)
    # Nobody took it meanwhile.
    renewed = leases.renew(first, 30)
    assert renewed is not None
    assert (renewed.epoch, renewed.since) == (first.epoch, first.since)
    assert leases.acquire("studio", "b", 30) is None


def test_what_was_taken_by_another_is_neither_renewed_nor_released(database: Database) -> None:
    leases = Leases(database)
    late = leases.acquire("studio", "a", 30)
    assert late is not None
    run_out(database)
    taken = leases.acquire("studio", "b", 30)
    assert taken is not None
    assert leases.renew(late, 30) is None
    assert not leases.release(late)
    assert leases.holder_of("studio") == taken
    # A holder of the same identity, of an earlier epoch, is another one.
    assert leases.renew(replace(taken, epoch=late.epoch), 30) is None
    assert leases.renew(replace(taken, name="none"), 30) is None


@dataclass
class HandClock(SystemClock):
    at: float = 0.0

    def monotonic(self) -> float:
        return self.at


@dataclass
class Process:
    identity: str
    is_alone: bool = False


def test_of_two_processes_one_leads_and_the_other_takes_over(database: Database) -> None:
    clock = HandClock()
    one = Leadership(Leases(database), Process("one"), clock)
    two = Leadership(Leases(database), Process("two"), clock)
    assert (one.is_leader(), two.is_leader()) == (True, False)
    for _ in range(3):
        clock.at += 10
        assert (two.is_leader(), one.is_leader()) == (False, True)
    run_out(database)
    clock.at += 10
    # It asks before it acts: stopped for a while, it does not go on as a second one.
    assert (two.is_leader(), one.is_leader()) == (True, False)
    two.resign()
    clock.at += 10
    assert (one.is_leader(), two.is_leader()) == (True, False)


def test_who_is_alone_leads_without_a_lease(sqlite: Database) -> None:
    alone = Leadership(Leases(sqlite), Process("one", is_alone=True), SystemClock())
    assert alone.is_leader()
    assert Leases(sqlite).holder_of(NAME) is None
    alone.resign()


def test_the_leader_goes_on_while_the_database_cannot_be_reached(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", None, OSError())

    clock = HandClock()
    one = Leadership(Leases(sqlite), Process("one"), clock)
    two = Leadership(Leases(sqlite), Process("two"), clock)
    assert (one.is_leader(), two.is_leader()) == (True, False)
    monkeypatch.setattr(Leases, "holder_of", away)
    clock.at += 3600
    assert (one.is_leader(), two.is_leader()) == (True, False)
