"""Two `leitstand api` at once: refused on SQLite and on one state folder, at one on PostgreSQL."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from control_api.leadership import NAME
from control_api.leases import Leases
from control_api.migrations.migrate import opened
from tests.leitstand.cut.media import Recipe, record
from tests.postgresql import PostgreSql, running
from tests.running import eventually, free_port, leitstand, process
from tests.venue import Venue

STALE = 30.0
"""Seconds after which a job's heartbeat is old."""
AGREED = 20.0
"""Seconds in which two processes agree, on the busiest machine; usually it is one."""

Make = Callable[..., Venue]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSql]:
    with running() as server:
        yield server


@pytest.fixture
def postgresql(server: PostgreSql) -> Iterator[str]:
    url = server.make()
    yield url
    server.drop(url)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """`make("one", database=URL)` -> a process with a configuration and a state of its own; all
    have the same studio and videos."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    port, made = free_port(), []

    def venue(name: str, **control_api: Any) -> Venue:
        folder = tmp_path / name
        folder.mkdir()
        made.append(Venue(folder, port, recordings, **control_api))
        return made[-1]

    yield venue
    for each in made:
        if each.service is not None:
            each.service.end()


def refused(second: Venue) -> str:
    """The one line with which it ends."""
    launched = second.launch()
    assert launched.wait() == 2
    launched.end()
    (line,) = launched.lines
    return line


def pid(venue: Venue) -> int:
    assert venue.service is not None
    return venue.service.pid


@pytest.mark.parametrize("shared", ["state", "database"])
def test_a_second_one_on_sqlite_ends_with_2_and_names_the_first(make: Make, shared: str) -> None:
    first = make("one")
    state = first.folder / "state"
    # The same folder and file by other names.
    link = first.folder / "link"
    link.symlink_to(state)
    given = {
        "state": {"state": str(link)},
        "database": {"database": f"sqlite:///{link}/leitstand.db"},
    }
    first.start_api()
    second = make("two", **given[shared])
    line = refused(second)
    assert line.startswith(f"leitstand: control_api.{shared}: ")
    assert f"(process {pid(first)}, since 20" in line
    assert "stop that one, or " in line
    # Commands work beside it.
    first.call("GET", "/settings")
    for command in (("token", "list"), ("library", "scan")):
        with process(leitstand(*command, "--config", str(first.folder / "leitstand.yml"))) as child:
            assert child.wait() == 0, child.output
    # The kernel lets go of what a killed one held.
    first.kill_api()
    second.start_api()
    second.call("GET", "/settings")


def test_a_second_one_on_one_state_folder_is_refused_on_postgresql_too(
    make: Make, postgresql: str
) -> None:
    first = make("one", database=postgresql)
    first.start_api()
    state = str(first.folder / "state")
    line = refused(make("two", database=postgresql, state=state))
    assert line.startswith(f"leitstand: control_api.state: {state} is in use ")


def leader(url: str) -> str:
    """The identity of the process that does the housekeeping."""
    with contextlib.closing(opened(url)) as database:
        lease = Leases(database).holder_of(NAME)
        return lease.holder if lease else ""


def value(venue: Venue, key: str) -> Any:
    settings = venue.call("GET", "/settings")["settings"]
    return next(each["value"] for each in settings if each["key"] == key)


def test_two_on_postgresql_agree_on_settings_and_schedules(make: Make, postgresql: str) -> None:
    one, two = make("one", database=postgresql), make("two", database=postgresql)
    one.start_api()
    two.start_api()
    one.call("PATCH", "/settings", {"events.keep_days": 12})
    eventually(lambda: value(two, "events.keep_days") == 12, AGREED)
    two.call("PATCH", "/settings", {"recording.max_duration": 7200})
    eventually(lambda: value(one, "recording.max_duration") == 7200, AGREED)
    two.call("DELETE", "/settings/events.keep_days")
    eventually(lambda: value(one, "events.keep_days") == 365, AGREED)

    evening = one.window(3600, 600)
    path = f"/schedules/{evening['id']}"
    eventually(lambda: [s["id"] for s in two.call("GET", "/schedules")] == [evening["id"]], AGREED)
    assert two.call("GET", "/schedules/next") == one.call("GET", "/schedules/next")
    # Each changes another field: neither writes over the other's.
    two.call("PATCH", path, {"title": "By two"})
    one.call("PATCH", path, {"end": "23:59:59"})
    changed = {"title": "By two", "end": "23:59:59"}
    for each in (one, two):
        eventually(lambda each=each: changed.items() <= each.call("GET", path).items(), AGREED)
    # An overlap is told of what is in force by now.
    other = one.window(3700, 600)
    eventually(lambda: two.call("GET", path)["conflicts"], AGREED)
    two.call("DELETE", f"/schedules/{other['id']}")
    eventually(lambda: one.call("GET", path)["conflicts"] == [], AGREED)
    two.call("DELETE", path)
    eventually(lambda: one.call("GET", "/schedules") == [], AGREED)


class Cutting:
    """A clip that the first process makes for as long as the test likes: its worker is stopped."""

    def __init__(self, make: Make, database: str) -> None:
        self.one, self.two = make("one", database=database), make("two", database=database)
        film = record(self.one.recordings / "2026-11-20 20-00-00.mkv", Recipe(seconds=8))
        # Nobody writes it any more.
        os.utime(film, (time.time() - 3600,) * 2)
        self.one.start_api()
        video = eventually(lambda: self.one.call("GET", "/videos")["items"])[0]
        body = {"video_id": video["id"], "start": 1, "end": 7, "mode": "reencode"}
        self.id = self.one.call("POST", "/clips", body)["id"]
        self.workers = eventually(self._workers)
        self.send(signal.SIGSTOP)
        assert self.job(self.one)["state"] == "running"

    def _workers(self) -> list[psutil.Process]:
        """The worker and its guardian."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(pid(self.one)).children(recursive=True)
            found = [each for each in children if "control_api.jobs.run" in each.cmdline()]
            return found if len(found) == 2 else []
        return []

    def send(self, number: signal.Signals) -> None:
        for each in self.workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def job(self, venue: Venue) -> dict[str, Any]:
        return dict(venue.call("GET", f"/jobs/{self.id}"))

    def done(self, venue: Venue, within: float = 120.0) -> dict[str, Any]:
        def over() -> dict[str, Any]:
            job = self.job(venue)
            return job if job["state"] in ("succeeded", "failed", "cancelled") else {}

        return eventually(over, within)

    @property
    def files(self) -> dict[str, str]:
        """What lies among the clips: name -> hash."""
        folder = self.one.folder / "state" / "clips"
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


Cut = Callable[[str], Cutting]


@pytest.fixture
def cut(make: Make) -> Iterator[Cut]:
    """`cut(URL)` -> the clip of a process on that database. A worker that is still stopped at the
    end is killed: nobody else would end it."""
    begun: list[Cutting] = []

    def begin(database: str) -> Cutting:
        begun.append(Cutting(make, database))
        return begun[-1]

    yield begin
    for each in begun:
        each.send(signal.SIGKILL)


def test_a_starting_one_leaves_the_running_job_of_a_living_one_alone(
    cut: Cut, postgresql: str
) -> None:
    cutting = cut(postgresql)
    cutting.two.start_api()
    # Long enough for a job without heartbeats to be taken.
    assert not threading.Event().wait(STALE + 15)
    job = cutting.job(cutting.two)
    assert (job["state"], job["attempts"]) == ("running", 1)
    cutting.send(signal.SIGCONT)
    job = cutting.done(cutting.two)
    assert (job["state"], job["attempts"], job["error"]) == ("succeeded", 1, None)
    assert len(cutting.files) == 1


def test_the_job_of_a_killed_one_is_taken_over(cut: Cut, postgresql: str) -> None:
    cutting = cut(postgresql)
    cutting.two.start_api()
    first = eventually(lambda: leader(postgresql))
    began = time.monotonic()
    cutting.one.kill_api()
    job = cutting.done(cutting.two)
    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    assert time.monotonic() - began > STALE - 6
    # The other also does from now on what is done only once.
    assert eventually(lambda: leader(postgresql) not in ("", first), 60)
    assert list(cutting.files) == [f"{job['result']['clip_id']}.mp4"]


def test_the_late_result_of_a_stopped_one_is_refused(cut: Cut, postgresql: str) -> None:
    cutting = cut(postgresql)
    cutting.one.service.send(signal.SIGSTOP)  # type: ignore[union-attr]
    cutting.two.start_api()
    job = cutting.done(cutting.two)
    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    before, clips = cutting.files, cutting.two.call("GET", "/clips")
    assert len(before) == 1
    # The first attempt ends its work before its process can notice anything.
    cutting.send(signal.SIGCONT)
    eventually(lambda: not [each for each in cutting.workers if _works(each)], 60)
    cutting.one.service.send(signal.SIGCONT)  # type: ignore[union-attr]
    assert cutting.one.service is not None
    cutting.one.service.find("(was given to another process)")
    assert eventually(lambda: cutting.files == before)
    for each in (cutting.one, cutting.two):
        assert cutting.job(each) == job
        assert each.call("GET", "/clips") == clips


def _works(worker: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(worker.status() != psutil.STATUS_ZOMBIE)
    return False


def test_a_job_is_cancelled_from_the_other_process(cut: Cut, postgresql: str) -> None:
    cutting = cut(postgresql)
    cutting.two.start_api()
    cutting.two.call("POST", f"/jobs/{cutting.id}/cancel")
    job = cutting.done(cutting.two, 30)
    assert (job["state"], job["attempts"]) == ("cancelled", 1)
    assert cutting.files == {}


def test_on_sqlite_the_job_of_a_killed_one_is_taken_up_at_once(cut: Cut, make: Make) -> None:
    cutting = cut("sqlite:///" + str(make("database").folder / "leitstand.db"))
    cutting.one.kill_api()
    began = time.monotonic()
    cutting.one.start_api()
    eventually(lambda: cutting.job(cutting.one)["attempts"] == 2)
    assert time.monotonic() - began < STALE
    job = cutting.done(cutting.one)
    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    assert len(cutting.files) == 1
