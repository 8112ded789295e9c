"""Requests and status through the database: each request carried out at most once, never late."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from control_api.clock import SystemClock
from control_api.database import Database
from control_api.database_clock import read_clock
from control_api.errors import Conflict, Unavailable
from control_api.leases import take_lease
from control_api.recorder import protocol, relay_store
from control_api.recorder.database_link import DatabaseLink
from control_api.recorder.ownership import LEASE_PREFIX, Ownership
from control_api.recorder.protocol import Answer
from control_api.recorder.relay import Relay
from control_api.recorder.relay_store import LATE_SECONDS
from control_api.recorder.socket_address import SocketAddress
from control_api.recorder.status import RecorderStatus, StorageStatus, StudioStatus
from control_api.recorder.tables import CommandRequestRow, PublishedStatusRow
from control_api.recordings.recorder_client import RecorderClient
from control_api.recordings.remote_recorders import RemoteRecorders
from tests.running import eventually

BODY = protocol.OfStudio("stage", "somebody")


def status(studio: str = "stage", **fields: Any) -> RecorderStatus:
    one = StudioStatus(studio, connected=True, **fields)
    return RecorderStatus("1", 7, "alpha", 0.0, [one], StorageStatus())


def hold(database: Database, instance: str, studio: str = "stage") -> None:
    with database.begin() as session:
        assert take_lease(session, LEASE_PREFIX + studio, instance, 15.0)


def request(database: Database, ago: float = 0.0, command: str = "stop", body: Any = BODY) -> int:
    with database.begin_unordered() as session:
        asked_at = read_clock(session) - ago
        return relay_store.ask(session, "stage", command, body, asked_at)


def claimed(database: Database, instance: str) -> list[int]:
    with database.begin_unordered() as session:
        return [each.id for each in relay_store.claim(session, instance, ["stage", "hall"])]


def answer_to(database: Database, number: int) -> Answer | None:
    with database.reading() as session:
        return relay_store.answer_to(session, number)


def test_only_the_holder_of_the_lease_publishes(database: Database) -> None:
    hold(database, "a")
    for instance, given in (("a", status(desired=True)), ("b", status())):
        with database.begin_unordered() as session:
            relay_store.publish(session, instance, {"stage": given})
    with database.reading() as session:
        found, now = relay_store.published(session, ["stage", "hall"])
    assert list(found) == ["stage"]
    assert found["stage"].status == status(desired=True)
    assert 0 <= found["stage"].age < 5
    assert now == pytest.approx(time.time(), abs=60)


def test_a_status_of_another_version_is_none(database: Database) -> None:
    with database.begin_unordered() as session:
        session.add(PublishedStatusRow(studio="stage", published_at=1.0, status={"host": 5}))
    with database.reading() as session:
        assert relay_store.published(session, ["stage"])[0] == {}


def test_a_request_is_claimed_once_and_by_the_holder(database: Database) -> None:
    hold(database, "a")
    number = request(database)
    with database.reading() as session:
        assert relay_store.is_waiting(session, ["stage"])
        assert not relay_store.is_waiting(session, ["hall"])
    assert claimed(database, "b") == []
    assert claimed(database, "a") == [number]
    assert claimed(database, "a") == []
    with database.reading() as session:
        assert not relay_store.is_waiting(session, ["stage"])
    assert answer_to(database, number) is None


def test_many_that_claim_at_once_take_each_request_once(database: Database) -> None:
    hold(database, "a")
    numbers = [request(database) for _ in range(20)]
    taken: list[int] = []
    go = threading.Barrier(4)

    def take() -> None:
        go.wait(10)
        taken.extend(claimed(database, "a"))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert sorted(taken) == numbers


def test_an_old_request_is_answered_and_not_claimed(database: Database) -> None:
    hold(database, "a")
    old, newer = request(database, ago=LATE_SECONDS + 0.1), request(database, ago=3)
    with database.begin_unordered() as session:
        (only,) = relay_store.claim(session, "a", ["stage"])
    assert only.id == newer
    assert only.seconds_left <= LATE_SECONDS - 3
    given = answer_to(database, old)
    assert given is not None
    assert given.status == 503
    assert "has done nothing" in given.error


def test_what_is_withdrawn_is_gone_and_what_is_claimed_cannot_be(database: Database) -> None:
    hold(database, "a")
    first, second = request(database), request(database)
    with database.begin_unordered() as session:
        assert relay_store.withdraw(session, first)
    assert claimed(database, "a") == [second]
    with database.begin_unordered() as session:
        assert not relay_store.withdraw(session, second)


def test_requests_are_forgotten(database: Database) -> None:
    request(database, ago=61)
    kept = request(database)
    with database.begin_unordered() as session:
        relay_store.forget_old(session)
    with database.reading() as session:
        assert list(session.scalars(select(CommandRequestRow.id))) == [kept]


class Host:
    """A recorder's relay, whose commands the test carries out, and an API of another host."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.url = database.url.render_as_string(hide_password=False)
        self.status = status()
        self.carried_out: list[tuple[str, Any]] = []
        self.answer: Callable[[], Answer] = lambda: Answer(data=None)
        self.remote = RemoteRecorders(database, ["stage"])
        self._link = DatabaseLink(self.url)
        self.relay = self._relay()

    def _relay(self) -> Relay:
        ownership = Ownership("a", ["stage"], {}, lambda name, held: None)
        with self.database.begin() as session:
            ownership.note(ownership.renew(session))
        return Relay(self._link, ownership, status=lambda: self.status, answer=self._carry_out)

    def _carry_out(self, command: str, body: Any) -> Answer:
        self.carried_out.append((command, body))
        return self.answer()

    def sees(self) -> RecorderStatus | None:
        self.remote.look()
        return self.remote.status_of("stage")

    def change(self, function: Callable[[Session], object]) -> None:
        with self.database.begin() as session:
            function(session)


@pytest.fixture
def host(database: Database) -> Iterator[Host]:
    host = Host(database)
    yield host
    host.relay.stop()


def test_a_command_is_carried_out_where_the_recorder_is(host: Host) -> None:
    host.relay.start()
    eventually(host.sees)

    def start() -> Answer:
        host.status = status(active=True)
        return Answer(data={"done": True})

    host.answer = start
    body = protocol.Start("stage", "somebody", "A title")
    assert host.remote.ask("stage", "start", body) == Answer(data={"done": True})
    # Who has the answer sees what came of it, without another look.
    seen = host.remote.status_of("stage")
    assert seen is not None
    assert seen.studios[0].active
    asked = {"studio": "stage", "by": "somebody", "title": "A title", "seconds": None}
    assert host.carried_out == [("start", asked)]


def test_a_refusal_comes_back_as_such(host: Host, tmp_path: Any) -> None:
    host.relay.start()
    host.answer = lambda: Answer(error="nothing is being recorded", status=409)
    client = RecorderClient(SocketAddress(tmp_path), SystemClock(), remote=host.remote)
    assert client.away is not None
    eventually(host.sees)
    assert client.away is None
    assert client.host_of("stage") == "alpha"
    assert client.is_own_away
    with pytest.raises(Conflict, match="nothing is being recorded"):
        client.end(BODY)


def test_only_commands_to_the_same_studio_are_carried_out(host: Host) -> None:
    host.relay.start()
    numbers = [
        request(host.database, command="audit"),
        request(host.database, body=protocol.OfStudio("hall", "somebody")),
    ]
    for number in numbers:
        given = eventually(lambda number=number: answer_to(host.database, number))
        assert given.status == 422
    assert host.carried_out == []


HOSTILE: list[Any] = [
    {"studio": "stage", "by": "x", "seconds": float("inf")},
    {"studio": "stage", "by": "x", "seconds": float("nan")},
    {"studio": "stage", "by": "\ud800"},
    ["stage"],
    None,
]


# PostgreSQL takes some of these in other words only.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("body", HOSTILE, ids=["infinite", "no number", "no text", "list", "null"])
def test_what_no_socket_could_carry_is_refused(host: Host, body: Any) -> None:
    with host.database.begin() as session:
        now = read_clock(session)
        row = CommandRequestRow(studio="stage", command="start", body=body, asked_at=now)
        session.add(row)
        session.flush()
        number = row.id
    host.relay.start()
    given = eventually(lambda: answer_to(host.database, number))
    assert given.status == 422
    assert host.carried_out == []


@pytest.mark.parametrize("seconds", [1e300, 0.0, -5.0, 8 * 86_400.0])
def test_no_command_is_for_longer_than_a_week(seconds: float) -> None:
    for kind in (protocol.Start, protocol.Extend):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"studio": "stage", "by": "x", "seconds": seconds}, kind)


def test_without_an_answer_a_request_is_withdrawn(host: Host) -> None:
    host.relay.start()
    eventually(host.sees)
    host.relay.stop()
    with pytest.raises(Unavailable, match=r"on alpha does not answer; nothing was done"):
        host.remote.ask("stage", "stop", BODY)
    with host.database.reading() as session:
        assert session.scalar(select(CommandRequestRow)) is None


def test_a_request_that_is_written_late_is_not_carried_out(host: Host) -> None:
    host.relay.start()
    eventually(host.sees)
    host.relay.stop()
    with contextlib.suppress(Unavailable):
        # As if the database had been frozen for a while: what is asked is as old as that.
        host.remote.ask("stage", "stop", BODY)
    number = request(host.database, ago=LATE_SECONDS)
    host.relay = host._relay()
    host.relay.start()
    given = eventually(lambda: answer_to(host.database, number))
    assert given.status == 503
    assert host.carried_out == []


def test_what_was_published_long_ago_is_no_status(host: Host) -> None:
    host.relay.start()
    eventually(host.sees)
    host.relay.stop()
    host.change(
        lambda session: session.execute(
            update(PublishedStatusRow).values(published_at=PublishedStatusRow.published_at - 6)
        )
    )
    assert host.sees() is None
    with pytest.raises(Unavailable, match="does not answer"):
        host.remote.ask("stage", "stop", BODY)


def test_each_change_is_published(host: Host) -> None:
    host.relay.start()
    eventually(host.sees)
    for desired in (True, False, True):
        host.status = status(desired=desired)
        eventually(
            lambda wanted=desired: (seen := host.sees()) and seen.studios[0].desired == wanted
        )


# SQLite has one writer at a time, and one host.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_another_writer_is_not_waited_for(host: Host) -> None:
    host.relay.start()
    eventually(host.sees)
    with host.database.begin() as session:
        read_clock(session)
        assert host.remote.ask("stage", "stop", BODY) == Answer(data=None)
    assert len(host.carried_out) == 1
