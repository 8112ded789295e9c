"""Runs are kept one per window, and listed in pages."""

from __future__ import annotations

from typing import Any

import pytest

from control_api.database import Database
from control_api.schedules.runs import Outcome, RunStore
from control_api.schedules.tables import RunRow


@pytest.fixture
def store(database: Database) -> RunStore:
    return RunStore(database)


def run(start: float, outcome: Outcome = Outcome.RUNNING, schedule_id: int = 1) -> RunRow:
    return RunRow(
        schedule_id=schedule_id,
        studio="main",
        title="Show",
        start=start,
        end=start + 100,
        outcome=outcome,
        recorded_seconds=0,
        gaps=[],
        accounted_until=start,
    )


def test_a_run_is_found_by_its_window(store: RunStore) -> None:
    saved = store.save(run(1000.5))
    found = store.get(1, 1000.5)
    assert found
    assert found.id == saved.id
    assert store.get(1, 1001) is None
    assert store.get(2, 1000.5) is None


def test_a_run_that_is_saved_again_is_changed(store: RunStore) -> None:
    row = store.save(run(1000))
    row.recorded_seconds = 90
    row.gaps = [{"start": 1090.0, "end": 1100.0, "reason": "OBS was gone", "code": "obs_away"}]
    store.save(row)
    store.save(run(1000, Outcome.PARTLY))  # a row of its own for the same window
    (found,) = store.newest(10)
    assert (found.id, found.outcome, found.gaps) == (row.id, Outcome.PARTLY, [])


def test_open_runs_are_those_of_the_studio_that_are_not_finished(store: RunStore) -> None:
    store.save(run(2000))
    store.save(run(1000, schedule_id=2))
    store.save(run(3000, Outcome.RECORDED))
    assert [row.start for row in store.open_runs("main")] == [1000, 2000]
    assert store.open_runs("other") == []


def test_the_newest_come_first_and_in_pages(store: RunStore) -> None:
    for start, schedule_id in ((3000, 1), (1000, 1), (2000, 1), (2000, 2), (2000, 3)):
        store.save(run(start, schedule_id=schedule_id))
    pages, before = [], None
    while page := store.newest(2, before):
        pages.append([(row.start, row.schedule_id) for row in page])
        before = page[-1].id
    assert pages == [[(3000, 1), (2000, 3)], [(2000, 2), (2000, 1)], [(1000, 1)]]
    assert [row.schedule_id for row in store.newest(9, schedule_id=2)] == [2]


def test_outcomes_are_counted_also_those_that_never_happened(store: RunStore) -> None:
    store.save(run(1000, Outcome.MISSED))
    store.save(run(2000, Outcome.MISSED))
    assert store.counts_by_outcome() == {
        Outcome.RUNNING: 0,
        Outcome.RECORDED: 0,
        Outcome.PARTLY: 0,
        Outcome.MISSED: 2,
    }


STOPPED = {"start": 1010.0, "end": 1100.0, "reason": "stopped by anna", "code": "stopped_by"}
PAUSED = {"start": 1050.0, "end": 1090.0, "reason": "paused", "code": "paused_by"}
GONE = {"start": 1000.0, "end": 1010.0, "reason": "OBS was gone", "code": "obs_away"}
LATE = {"start": 1000.0, "end": 1004.0, "reason": "starting", "code": "starting"}


@pytest.mark.parametrize(
    ("outcome", "gaps", "missed"),
    [
        (Outcome.MISSED, [], 1),  # nothing says why
        (Outcome.PARTLY, [GONE], 1),
        (Outcome.PARTLY, [GONE, STOPPED], 1),
        (Outcome.PARTLY, [STOPPED], 0),
        (Outcome.PARTLY, [PAUSED], 0),
        (Outcome.PARTLY, [LATE, STOPPED], 0),
        (Outcome.RECORDED, [LATE], 0),
        (Outcome.RUNNING, [GONE], 0),
    ],
)
def test_what_an_operator_stopped_or_paused_is_not_missed(
    store: RunStore, outcome: Outcome, gaps: list[dict[str, Any]], missed: int
) -> None:
    row = run(1000, outcome)
    row.gaps = gaps
    if gaps:
        row.recorded_seconds = 100 - sum(gap["end"] - gap["start"] for gap in gaps)
    store.save(row)
    store.save(run(5000, Outcome.RECORDED, schedule_id=2))
    assert store.missed("main") == missed
    assert store.missed("other") == 0
