"""What one process changes is in force in another after its next look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_api.database import Database
from control_api.errors import NotFound
from control_api.revisions import RevisionWatch, count_up
from control_api.schedules.service import ScheduleService
from control_api.schedules.store import REVISION as SCHEDULES
from control_api.settings.model import Settings
from control_api.settings.store import REVISION as SETTINGS
from tests.control_api.schedules.conftest import (
    BERLIN,
    Changes,
    HandClock,
    Make,
    changes,
    clock,
    make,
)
from tests.control_api.settings.test_settings import service_on

__all__ = ["changes", "clock", "make"]


def fields(**others: Any) -> Any:
    plain = {"title": "Evening", "studio": "stage", "weekdays": frozenset({4}), "zone": BERLIN}
    times = {"start": 72_000, "end": 79_200, "skip": frozenset(), "add": frozenset()}
    return {**plain, **times, "enabled": True, **others}


def test_only_what_has_changed_is_read_again(database: Database) -> None:
    calls: list[str] = []
    watch = RevisionWatch(database)
    for name in ("one", "two"):
        watch.listen(name, lambda name=name: calls.append(name))  # type: ignore[misc]
    watch.look()
    watch.look()
    assert calls == ["one", "two"]
    for _ in range(2):
        with database.begin() as session:
            count_up(session, "two")
    watch.look()
    watch.look()
    assert calls == ["one", "two", "two"]


def test_what_could_not_be_read_is_read_at_the_next_look(database: Database) -> None:
    answers: list[Exception | None] = [RuntimeError(), None]
    watch = RevisionWatch(database)

    def refresh() -> None:
        if error := answers.pop(0):
            raise error

    watch.listen("one", refresh)
    with pytest.raises(RuntimeError):
        watch.look()
    watch.look()
    watch.look()
    assert answers == []


def watched(database: Database, name: str, refresh: Callable[[], object]) -> RevisionWatch:
    watch = RevisionWatch(database)
    watch.listen(name, refresh)
    watch.look()
    return watch


def test_settings(database: Database) -> None:
    mine, other = service_on(database), service_on(database)
    told: list[Settings] = []
    mine.listen(told.append)
    watch = watched(database, SETTINGS, mine.refresh)
    other.change({"events.keep_days": 12}, "ben")
    watch.look()
    assert mine.current.events.keep_days == 12
    assert [each.events.keep_days for each in told] == [12]
    (shown,) = [each for each in mine.all() if each.key == "events.keep_days"]
    assert shown.changed_by == "ben"
    other.reset("events.keep_days", "ben")
    watch.look()
    watch.look()
    assert [each.events.keep_days for each in told] == [12, 365]


def test_a_setting_is_changed_from_what_is_in_force(database: Database) -> None:
    """Not from what this process has last seen: else its change would be none."""
    mine, other = service_on(database), service_on(database)
    other.change({"events.keep_days": 12}, "ben")
    mine.change({"events.keep_days": 365}, "anna")
    other.refresh()
    assert other.current.events.keep_days == 365
    other.change({"jobs.workers": 2}, "ben")
    mine.reset("jobs.workers", "anna")
    other.refresh()
    assert other.current.jobs.workers == 1


def test_schedules(database: Database, make: Make, changes: Changes, clock: HandClock) -> None:
    mine, other = make("stage"), make("stage")
    watch = watched(database, SCHEDULES, mine.refresh)
    evening = other.create(fields())
    before = changes.count
    watch.look()
    assert mine.all() == [evening]
    assert mine.calendar.coming(clock.now(), 1) == other.calendar.coming(clock.now(), 1)
    assert changes.count == before + 1
    clash = other.create(fields(start=75_600, end=82_800))
    assert not mine.advice(evening).conflicts
    watch.look()
    assert [each.schedule_id for each in mine.advice(evening).conflicts[:1]] == [clash.id]
    other.delete(clash.id)
    watch.look()
    assert not mine.advice(evening).conflicts


def test_a_schedule_is_changed_from_what_is_in_force(make: Make) -> None:
    mine, other = make("stage"), make("stage")
    evening = other.create(fields())
    mine.change(evening.id, {"title": "By me"})
    other.change(evening.id, {"end": 82_800})
    changed: ScheduleService = make("stage")
    assert (changed.get(evening.id).title, changed.get(evening.id).end) == ("By me", 82_800)
    other.delete(evening.id)
    with pytest.raises(NotFound):
        mine.change(evening.id, {"title": "Of none"})
