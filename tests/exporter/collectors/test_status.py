"""What is said of the sources themselves, also when they say nothing."""

from __future__ import annotations

from exporter import collectors
from exporter.collectors import status
from exporter.snapshot import Report, SnapshotStore
from exporter.sources.source import SourceId
from leitstand import __version__

MAIN = SourceId("mediamtx", "main")
SPARE = SourceId("mediamtx", "spare")
FORWARDS = SourceId("mediamtx_forwards", "main")
HOST = SourceId("host", "host")


def store() -> SnapshotStore:
    parts = [Report(FORWARDS, 90.0, part_of=MAIN)]
    return SnapshotStore([Report(MAIN, 6.0), Report(SPARE, 6.0), *parts, Report(HOST, 6.0)])


def collected(reports: SnapshotStore, now: float) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        family.name: dict(samples)
        for family, samples in status.collect(reports.latest, now)
        if samples
    }


def test_before_anything_was_asked_everything_is_down() -> None:
    assert collected(store(), now=0.0) == {
        "mediamtx_up": {("main",): 0, ("spare",): 0},
        "leitstand_build_info": {(__version__,): 1},
        "leitstand_source_up": {
            ("mediamtx", "main"): 0,
            ("mediamtx", "spare"): 0,
            ("mediamtx_forwards", "main"): 0,
            ("host", "host"): 0,
        },
        "leitstand_source_poll_failures_total": {
            ("mediamtx", "main"): 0,
            ("mediamtx", "spare"): 0,
            ("mediamtx_forwards", "main"): 0,
            ("host", "host"): 0,
        },
    }


def test_up_ends_three_intervals_after_the_last_good_answer() -> None:
    reports = store()
    for source in (MAIN, FORWARDS):
        reports.publish(source, good_at=100.0, good_time=1_800_000_000.0, duration=0.25)
    up = collected(reports, now=106.0)
    assert up["mediamtx_up"] == {("main",): 1, ("spare",): 0}
    assert up["leitstand_source_up"][("mediamtx_forwards", "main")] == 1
    down = collected(reports, now=106.5)
    assert down["mediamtx_up"] == {("main",): 0, ("spare",): 0}
    assert set(down["leitstand_source_up"].values()) == {0}


def test_what_is_known_of_a_source_stays_when_it_is_down() -> None:
    reports = store()
    reports.publish(MAIN, good_at=100.0, good_time=1_800_000_000.0, duration=0.25)
    reports.publish(MAIN, duration=5.0, failures=3, error="gone")
    found = collected(reports, now=200.0)
    at = ("mediamtx", "main")
    assert found["leitstand_source_last_success_timestamp_seconds"] == {at: 1_800_000_000.0}
    assert found["leitstand_source_poll_duration_seconds"] == {at: 5.0}
    assert found["leitstand_source_poll_failures_total"][at] == 3


def test_only_what_is_watched_is_up_or_down() -> None:
    studio = SnapshotStore([Report(SourceId("obs", "stage"), 6.0, good_at=100.0)])
    found = collected(studio, now=101.0)
    assert found["obs_up"] == {("stage",): 1}
    assert "mediamtx_up" not in found
    assert set(collected(SnapshotStore([]), now=0.0)) == {"leitstand_build_info"}


def test_what_it_collects_is_declared_and_first_on_the_page() -> None:
    declared = list(status.FAMILIES)
    collected = [family for family, _ in status.collect(store().latest, 0.0)]
    assert collected == [family for family in declared if family in collected]
    assert collectors.FAMILIES[: len(declared)] == status.FAMILIES
