"""How a source is asked: the pace, what is logged, and that nothing ends it but a stop."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from exporter.poller import Poller
from exporter.snapshot import Bodies, Report, SnapshotStore
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from exporter.sources.source import SourceError, SourceId
from leitstand.clients.mediamtx import Access, MediaMTXClient
from leitstand.demo.mediamtx import DemoMediaMTX, Fault, World
from tests.running import eventually

MAIN = SourceId("mediamtx", "main")
PART = SourceId("mediamtx_forwards", "main")


@dataclass
class MadeUpSource:
    """Each poll does the next thing: gives a value or raises an error."""

    answer: Callable[[], Any] = lambda: "state"
    id: SourceId = MAIN
    polls: int = 0
    closed: threading.Event = field(default_factory=threading.Event)
    aborted: threading.Event = field(default_factory=threading.Event)

    def poll(self) -> Any:
        self.polls += 1
        said = self.answer()
        if isinstance(said, Exception):
            raise said
        return said

    def abort(self) -> None:
        self.aborted.set()

    def close(self) -> None:
        self.closed.set()


def store() -> SnapshotStore:
    return SnapshotStore([Report(MAIN, 6.0), Report(PART, 90.0, part_of=MAIN)])


def nothing(kind: str, state: Any) -> Bodies:
    return {}


@contextlib.contextmanager
def running(poller: Poller) -> Iterator[Poller]:
    poller.start()
    try:
        yield poller
    finally:
        poller.ask_to_stop()
        poller.join(10)
        assert not poller.is_alive


class Time(threading.Event):
    """A stop event that passes the time instead of waiting."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += max(timeout or 0.0, 0.0)
        return self.is_set()


@dataclass
class TimedSource(MadeUpSource):
    """Its polls take as long as told; after the last one the poller is stopped."""

    durations: tuple[float, ...] = ()
    clock: Time = field(default_factory=Time)
    begun: list[float] = field(default_factory=list)

    def poll(self) -> Any:
        self.begun.append(self.clock.now - 1000.0)
        self.clock.now += self.durations[self.polls]
        if self.polls + 1 == len(self.durations):
            self.clock.set()
        return super().poll()

    def run(self, reports: SnapshotStore, part_of: SourceId | None = None) -> list[float]:
        poller = Poller(self, 2.0, reports, nothing, part_of=part_of, monotonic=self.clock)
        poller._stop = self.clock
        poller._run()
        return self.begun


def test_the_pace_does_not_depend_on_how_long_a_poll_takes() -> None:
    source = TimedSource(durations=(0.5, 0.0, 1.5, 0.25, 2.0, 0.5))
    assert source.run(store()) == [0, 2, 4, 6, 8, 10]


def test_after_a_long_poll_the_missed_ones_are_left_out() -> None:
    source = TimedSource(durations=(0.5, 7.0, 0.5, 0.5, 0.5))
    assert source.run(store()) == [0, 2, 9, 11, 13]


def test_what_waited_for_its_owner_is_asked_at_once_and_then_at_its_pace() -> None:
    source = TimedSource(id=PART, durations=(0.5, 0.5, 0.5))

    class Store(SnapshotStore):
        def wait(self, after: int, timeout: float) -> Any:
            source.clock.now += timeout
            if source.clock.now > 1600:
                self.publish(MAIN, duration=0.1, error=None)

    reports = Store(store().latest.reports.values())
    assert source.run(reports, part_of=MAIN) == [600.5, 602.5, 604.5]


def test_an_answer_is_published_with_what_it_was_turned_into() -> None:
    reports, clock = store(), Time()
    source = TimedSource(durations=(0.5,), clock=clock)
    bodies: Bodies = {}
    seen = []

    def render(kind: str, state: Any) -> Bodies:
        seen.append((kind, state))
        return bodies

    Poller(source, 2.0, reports, render, monotonic=clock).poll_once()
    report = reports.latest.reports[MAIN]
    assert seen == [("mediamtx", "state")]
    assert (report.state, report.error, report.failures) == ("state", None, 0)
    assert report.bodies is bodies
    assert (report.good_at, report.duration) == (1000.5, 0.5)
    assert abs((report.good_time or 0) - time.time()) < 60
    assert reports.latest.sequence == 1


def test_a_failure_is_counted_and_leaves_the_last_answer() -> None:
    reports, clock = store(), Time()
    said: list[Any] = ["state", SourceError("gone"), SourceError("gone"), "new"]
    source = TimedSource(
        durations=(0.5, 5.0, 5.0, 0.5), clock=clock, answer=lambda: said[source.polls - 1]
    )
    poller = Poller(source, 2.0, reports, nothing, monotonic=clock)
    found = []
    for _ in said:
        poller.poll_once()
        report = reports.latest.reports[MAIN]
        found.append((report.state, report.error, report.failures, report.good_at, report.duration))
    assert found == [
        ("state", None, 0, 1000.5, 0.5),
        ("state", "gone", 1, 1000.5, 5.0),
        ("state", "gone", 2, 1000.5, 5.0),
        ("new", None, 2, 1011.0, 0.5),
    ]


def logged(caplog: pytest.LogCaptureFixture, *said: Any) -> list[tuple[str, str]]:
    """What is logged when a source says this, one after the other."""
    answers = iter(said)
    source = MadeUpSource(lambda: next(answers))
    poller = Poller(source, 2.0, store(), nothing)
    caplog.set_level(logging.DEBUG)
    for _ in said:
        poller.poll_once()
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_a_failure_is_logged_when_it_begins_changes_and_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone, slow = SourceError("no connection"), SourceError("too slow")
    assert logged(caplog, "a", gone, gone, gone, slow, slow, "b", "c", gone, gone, "d") == [
        ("WARNING", "mediamtx main: no connection"),
        ("WARNING", "mediamtx main: too slow"),
        ("INFO", "mediamtx main: answers again"),
        ("WARNING", "mediamtx main: no connection"),
        ("INFO", "mediamtx main: answers again"),
    ]


def test_what_was_not_expected_is_logged_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = ZeroDivisionError("hunter2")
    assert logged(caplog, wrong, wrong, wrong, "a") == [
        ("ERROR", "mediamtx main: this is a mistake in Leitstand"),
        ("INFO", "mediamtx main: answers again"),
    ]
    assert caplog.records[0].exc_info is not None
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


def test_what_was_not_expected_is_published_without_its_words() -> None:
    reports = store()

    def render(kind: str, state: Any) -> Bodies:
        raise KeyError("hunter2")

    Poller(MadeUpSource(), 2.0, reports, render).poll_once()
    report = reports.latest.reports[MAIN]
    assert (report.error, report.failures) == ("failed unexpectedly: KeyError", 1)
    assert (report.state, report.good_at, report.was_asked) == (None, None, True)


@pytest.mark.parametrize("error", [SourceError("gone"), RuntimeError("mistake"), OSError(5, "x")])
def test_no_failure_ends_it(error: Exception) -> None:
    reports = store()
    source = MadeUpSource(lambda: error if source.polls < 5 else "back")
    with running(Poller(source, 0.001, reports, nothing)) as poller:
        eventually(lambda: reports.latest.reports[MAIN].state == "back")
        assert poller.is_alive
        assert reports.latest.reports[MAIN].failures == 4


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({}, False),
        ({"duration": 0.1, "error": "gone", "failures": 1}, False),
        ({"duration": 0.1, "error": None, "good_at": 0.0}, True),
        ({"duration": 0.1, "error": "gone", "failures": 1, "good_at": 1e9}, False),
    ],
    ids=["not asked yet", "down", "up", "fails since now"],
)
def test_a_part_is_asked_only_when_its_owner_answers(said: dict[str, Any], asked: bool) -> None:
    source = TimedSource(id=PART, durations=(0.5,))

    class Store(SnapshotStore):
        def wait(self, after: int, timeout: float) -> Any:
            source.clock.set()

    reports = Store(store().latest.reports.values())
    reports.publish(MAIN, **said)
    assert bool(source.run(reports, part_of=MAIN)) is asked


def test_a_part_follows_its_owner_up_and_down() -> None:
    reports = store()
    owner = MadeUpSource(lambda: said)
    part = MadeUpSource(id=PART)
    said: Any = SourceError("gone")
    main = Poller(owner, 0.001, reports, nothing)
    with running(main), running(Poller(part, 0.001, reports, nothing, part_of=MAIN)):
        eventually(lambda: owner.polls > 20)
        assert part.polls == 0
        said = "state"
        eventually(lambda: part.polls > 5)
        said = SourceError("gone")
        eventually(lambda: reports.latest.reports[MAIN].error)
        # One poll may have begun before that was known.
        known = part.polls
        eventually(lambda: owner.polls > known + 50)
        assert part.polls <= known + 1


def hangs(demo: DemoMediaMTX) -> MediaMTXSource:
    client = MediaMTXClient(Access(demo.url, lambda: None))
    return MediaMTXSource(Watch(name="main", deadline=60), client)


def test_a_stop_ends_a_poll_that_hangs_within_a_second(caplog: pytest.LogCaptureFixture) -> None:
    with DemoMediaMTX(World()) as demo:
        demo.fault = Fault.HANG
        poller = Poller(hangs(demo), 2.0, store(), nothing)
        poller.start()
        eventually(lambda: demo.requests)
        poller.ask_to_stop()
        poller.join(1)
        assert not poller.is_alive
    assert caplog.messages == []


def test_a_stop_between_two_questions_of_a_poll_ends_it_too() -> None:
    with DemoMediaMTX(World()) as demo:
        source = hangs(demo)
        source.poll()
        demo.fault = Fault.HANG
        source.abort()
        began = time.monotonic()
        with pytest.raises(SourceError):
            source.poll()
        assert time.monotonic() - began < 10
        source.close()


def test_a_stop_ends_a_long_pause_and_closes_the_source() -> None:
    source = MadeUpSource()
    poller = Poller(source, 3600.0, store(), nothing)
    poller.start()
    eventually(lambda: source.polls == 1)
    assert not source.closed.is_set()
    poller.ask_to_stop()
    poller.join(1)
    assert not poller.is_alive
    assert source.aborted.is_set()
    assert source.closed.is_set()


def test_a_stop_ends_the_waiting_for_an_owner() -> None:
    source = MadeUpSource(id=PART)
    poller = Poller(source, 2.0, store(), nothing, part_of=MAIN)
    poller.start()
    poller.ask_to_stop()
    poller.join(3)
    assert not poller.is_alive
    assert source.polls == 0
