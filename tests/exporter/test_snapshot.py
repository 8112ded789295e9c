"""Who is up, and who is told of what is new."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.snapshot import Report, SnapshotStore
from exporter.sources.source import SourceId
from tests.running import eventually

MAIN = SourceId("mediamtx", "main")
PART = SourceId("mediamtx_forwards", "main")
OTHER = SourceId("mediamtx", "other")


def store() -> SnapshotStore:
    return SnapshotStore([Report(MAIN, 6.0), Report(PART, 90.0, part_of=MAIN), Report(OTHER, 6.0)])


def test_a_source_is_up_for_three_intervals_after_its_last_good_answer() -> None:
    reports = store()
    assert reports.latest.live(0.0) == set()
    reports.publish(MAIN, good_at=100.0)
    assert reports.latest.live(100.0) == {MAIN}
    assert reports.latest.live(106.0) == {MAIN}
    assert reports.latest.live(106.1) == set()


def test_failures_in_between_do_not_take_it_down_sooner_nor_keep_it_up() -> None:
    reports = store()
    reports.publish(MAIN, good_at=100.0, error=None)
    reports.publish(MAIN, error="gone", failures=1)
    assert reports.latest.live(105.0) == {MAIN}
    reports.publish(MAIN, error="gone", failures=2)
    assert reports.latest.live(107.0) == set()


def test_a_part_is_down_with_its_owner() -> None:
    reports = store()
    reports.publish(MAIN, good_at=100.0)
    reports.publish(PART, good_at=100.0)
    reports.publish(OTHER, good_at=105.0)
    assert reports.latest.live(104.0) == {MAIN, PART, OTHER}
    assert reports.latest.live(108.0) == {OTHER}
    reports.publish(MAIN, good_at=180.0)
    assert reports.latest.live(181.0) == {MAIN, PART}


def test_an_owner_is_up_without_its_part() -> None:
    reports = store()
    reports.publish(PART, good_at=100.0)
    reports.publish(MAIN, good_at=300.0)
    assert reports.latest.live(300.0) == {MAIN}


@pytest.mark.parametrize("good_time", [0.0, 4e9, -1.0])
def test_the_wall_clock_does_not_matter(good_time: float) -> None:
    reports = store()
    reports.publish(MAIN, good_at=100.0, good_time=good_time)
    assert reports.latest.live(106.0) == {MAIN}
    assert reports.latest.live(106.1) == set()


def test_what_is_published_replaces_only_what_it_names() -> None:
    reports = store()
    reports.publish(MAIN, state="s", good_at=1.0, duration=0.5)
    before = reports.latest
    reports.publish(MAIN, error="gone", failures=1)
    now = reports.latest.reports[MAIN]
    assert (now.state, now.good_at, now.duration) == ("s", 1.0, 0.5)
    assert (now.error, now.failures, now.was_asked) == ("gone", 1, True)
    assert before.reports[MAIN].error is None
    assert reports.latest.reports[OTHER] is before.reports[OTHER]


def test_a_snapshot_cannot_be_changed() -> None:
    latest = store().latest
    with pytest.raises(TypeError):
        latest.reports[MAIN] = latest.reports[OTHER]  # type: ignore[index]


def test_the_sequence_grows_by_one_with_each_change_whoever_makes_it() -> None:
    reports = store()

    def publish(source: SourceId) -> None:
        for failures in range(200):
            reports.publish(source, failures=failures)

    with ThreadPoolExecutor() as pool:
        list(pool.map(publish, [MAIN, PART, OTHER]))
    assert reports.latest.sequence == 600
    # No change of one was lost over that of another.
    assert {report.failures for report in reports.latest.reports.values()} == {199}


def test_waiting_for_what_is_there_already_takes_no_time() -> None:
    reports = store()
    reports.publish(MAIN, failures=1)
    began = time.monotonic()
    assert reports.wait(after=0, timeout=60).sequence == 1
    assert time.monotonic() - began < 10


def test_waiting_in_vain_ends_with_the_latest() -> None:
    reports = store()
    reports.publish(MAIN, failures=1)
    for after in (1, 99):
        began = time.monotonic()
        assert reports.wait(after, timeout=0.05).sequence == 1
        assert time.monotonic() - began >= 0.05


def test_all_who_wait_are_woken_by_one_change() -> None:
    reports = store()
    with ThreadPoolExecutor(5) as pool:
        woken = [pool.submit(reports.wait, 0, 60) for _ in range(5)]
        eventually(lambda: len(reports._changed._waiters) == 5)  # type: ignore[attr-defined]
        reports.publish(MAIN, failures=1)
        assert [each.result(10).sequence for each in woken] == [1] * 5
