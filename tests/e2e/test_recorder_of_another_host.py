"""An API on another host than the recorder: status and commands go through PostgreSQL."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from control_api.recorder.relay_store import LATE_SECONDS
from leitstand.demo.obs import DemoObs
from tests.postgresql import PostgreSql, running
from tests.running import eventually
from tests.venue import Venue, venue

AGREED = 20.0
"""Seconds in which both APIs show the same, on the busiest machine; usually it is one."""
HANG = 60.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSql]:
    with running() as server:
        yield server


class Pair:
    """`near` has recorder and API; `far`, on a host of another name, has an API alone."""

    def __init__(self, near: Venue, far: Venue, url: str) -> None:
        self.near, self.far, self.url = near, far, url

    def agree(self, **wanted: Any) -> dict[str, Any]:
        """What both show, which must come soon."""
        self.near.becomes(AGREED, **wanted)
        return self.far.becomes(AGREED, **wanted)

    def requests(self) -> list[tuple[str, bool, int]]:
        """By number: the command, whether it was claimed, and the status of its answer."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT command, claimed_at IS NOT NULL, coalesce((answer->>'status')::int, 0)"
                " FROM recorder_requests ORDER BY id"
            )
            return [(str(row[0]), bool(row[1]), int(row[2])) for row in rows]


@pytest.fixture
def pair(demo: DemoObs, tmp_path: Path, server: PostgreSql) -> Iterator[Pair]:
    url = server.make()
    recordings, there = tmp_path / "recordings", tmp_path / "far"
    there.mkdir()
    with (
        venue(tmp_path, demo.port, recordings, url) as near,
        venue(there, demo.port, recordings, url) as far,
    ):
        far.host = "far-host"
        near.start()
        far.start_api()
        near.becomes(connected=True)
        far.becomes(AGREED, connected=True)
        yield Pair(near, far, url)
    server.drop(url)


def test_commands_given_at_the_other_host_are_carried_out(pair: Pair, demo: DemoObs) -> None:
    near, far = pair.near, pair.far
    host = socket.gethostname()
    assert (near.status["recorder_host"], far.status["recorder_host"]) == (None, host)

    far.call("POST", "/recordings/start", {"title": "From afar"})
    both = pair.agree(recording=True, title="From afar", origin="manual")
    assert both["by"] == near.status["by"]
    assert far.ask("POST", "/recordings/start", {}).status_code == 409

    until = datetime.fromisoformat(far.status["until"]) + timedelta(minutes=15)
    longer = far.call("POST", "/recordings/extend", {"longer_by": "15m"})
    assert datetime.fromisoformat(longer["until"]) == until
    pair.agree(until=longer["until"])

    assert far.call("POST", "/recordings/pause", {})["paused"]
    pair.agree(paused=True)
    assert not far.call("POST", "/recordings/resume", {})["paused"]
    pair.agree(paused=False, recording=True)

    stopped = far.call("POST", "/recordings/stop", {})
    assert stopped["title"] == "From afar"
    pair.agree(recording=False, desired=False)
    assert demo.requests["StartRecord"] == demo.requests["StopRecord"] == 1

    # A stop in a window, and the way back.
    near.window(starts_in=-5, seconds=600)
    pair.agree(recording=True, origin="schedule")
    far.call("POST", "/recordings/stop", {})
    pair.agree(recording=False, overridden=True)
    assert not far.call("POST", "/recordings/follow-schedule", {})["overridden"]
    pair.agree(recording=True, overridden=False)
    assert far.ask("POST", "/recordings/follow-schedule", {}).status_code == 409
    # Who asked is in the audit log, once.
    actions = [entry["action"] for entry in near.call("GET", "/audit")]
    assert len([action for action in actions if "follow-schedule" in action]) == 2
    health = far.call("GET", "/health")
    assert health["checks"]["recorder"] == "ok"
    far.call("POST", "/recordings/stop", {})


def test_the_other_host_says_when_the_recorder_is_away(pair: Pair) -> None:
    pair.near.kill_recorder()
    for each in (pair.near, pair.far):
        away = each.becomes(AGREED, reason_code="recorder_not_running")
        assert [fault["code"] for fault in away["faults"]] == ["recorder_not_running"]
        assert each.ask("POST", "/recordings/start", {}).status_code == 503
    eventually(lambda: "recorder" in pair.far.ask("GET", "/health").json().get("detail", ""))
    assert pair.far.ask("GET", "/health").status_code == 503
    pair.near.start_recorder()
    pair.agree(connected=True, faults=[])


def test_a_request_is_never_carried_out_late(pair: Pair, demo: DemoObs) -> None:
    assert pair.near.recorder is not None
    pair.near.recorder.send(signal.SIGSTOP)
    try:
        refused = pair.far.ask("POST", "/recordings/start", {})
        assert refused.status_code == 503
        # One whose API does not live to withdraw it.
        with psycopg.connect(pair.url) as connection:
            connection.execute(
                "INSERT INTO recorder_requests (studio, command, body, asked_at)"
                ' VALUES (\'stage\', \'start\', \'{"studio": "stage", "by": "nobody"}\','
                " extract(epoch FROM clock_timestamp()))"
            )
        assert not threading.Event().wait(LATE_SECONDS)
    finally:
        pair.near.recorder.send(signal.SIGCONT)
    assert eventually(lambda: pair.requests() == [("start", True, 503)], HANG)
    pair.agree(recording=False, desired=False, connected=True)
    assert demo.requests["StartRecord"] == 0


def test_a_request_is_carried_out_once_across_a_restart_of_the_recorder(pair: Pair) -> None:
    pair.far.call("POST", "/recordings/start", {})
    before = datetime.fromisoformat(pair.agree(recording=True)["until"])
    answers: list[int] = []

    def extend() -> None:
        asked = pair.far.ask("POST", "/recordings/extend", {"longer_by": "15m"})
        answers.append(asked.status_code)

    asking = threading.Thread(target=extend)
    asking.start()
    eventually(lambda: len(pair.requests()) == 2)
    with contextlib.suppress(AssertionError):
        eventually(lambda: pair.requests()[1][1], 2)
    # In the middle of it, most likely after it was claimed.
    pair.near.kill_recorder()
    pair.near.start_recorder()
    asking.join()
    pair.near.becomes(connected=True)
    assert answers[0] in (200, 503)
    # A claimed request is nobody else's: carried out twice it would be half an hour.
    assert not threading.Event().wait(3)
    longer = datetime.fromisoformat(pair.near.status["until"]) - before
    assert longer in (timedelta(0), timedelta(minutes=15))
