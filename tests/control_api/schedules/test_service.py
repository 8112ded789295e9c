"""What the service keeps in force, for whoever records and for metrics."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import select, update

from control_api.database import Database
from control_api.errors import BadInput, Conflict, NotFound
from control_api.schedules.notation import parse_clock
from control_api.schedules.service import Fields, ScheduleService
from control_api.schedules.tables import ScheduleRow
from control_api.schedules.windows import DAY
from tests.control_api.schedules.conftest import Changes, HandClock, Make, unix


def fields(start: str = "19:50", end: str = "22:10", studio: str = "stage") -> Fields:
    return {
        "title": "Evening",
        "studio": studio,
        "weekdays": frozenset({4}),
        "start": parse_clock(start),
        "end": parse_clock(end),
    }


def test_a_change_is_in_force_before_it_is_told(make: Make, changes: Changes) -> None:
    service = make("stage")
    evening = unix("2026-11-20T20:00")
    made = service.create(fields())
    assert changes.count == 1
    (window,) = service.calendar.at(evening)
    assert window.schedule_id == made.id
    service.change(made.id, {"enabled": False})
    assert service.calendar.at(evening) == service.calendar_of("stage").at(evening) == []
    service.delete(made.id)
    assert changes.count == 3
    with pytest.raises(NotFound):
        service.delete(made.id)
    assert changes.count == 3


def test_each_studio_has_a_calendar(service: ScheduleService) -> None:
    service.create(fields())
    service.create(fields(studio="hall"))
    evening = unix("2026-11-20T20:00")
    assert len(service.calendar.at(evening)) == 2
    assert [each.studio for each in service.calendar_of("hall").at(evening)] == ["hall"]
    assert service.calendar_of("cellar").at(evening) == []
    assert service.calendar_of("hall") is service.calendar_of("hall")


def test_scheduled_time_is_counted_once_however_many_want_it(
    service: ScheduleService, clock: HandClock
) -> None:
    service.create(fields("10:00", "13:00"))  # one hour is left at 12:00
    service.create(fields("12:30", "14:00"))
    service.create(fields("13:00", "13:30"))
    service.create(fields("14:00", "14:30"))
    service.create(fields("20:00", "18:00"))  # to 12:00 of the next day is within the horizon
    service.create(fields("23:00", "24:00"))
    assert service.seconds_until(clock.now()) == {"stage": (2.5 + 16) * 3600, "hall": 0.0}
    assert service.seconds_until(clock.now(), 1800) == {"stage": 1800.0, "hall": 0.0}


def test_the_next_start_is_of_the_studio(service: ScheduleService, clock: HandClock) -> None:
    service.create(fields("10:00", "13:00"))
    service.create(fields("15:00", "16:00"))
    assert service.next_start("stage") == unix("2026-11-20T15:00")
    assert service.next_start("hall") is None
    clock.at = unix("2026-11-20T15:00:01")
    assert service.next_start("stage") == unix("2026-11-27T10:00")


def test_there_is_an_end_to_how_many(make: Make, database: Database) -> None:
    made = make("stage").create(fields())
    with database.begin() as session:
        (row,) = session.scalars(select(ScheduleRow))
        values = {key: getattr(row, key) for key in row.__table__.columns.keys() if key != "id"}
        session.add_all(ScheduleRow(id=made.id + number, **values) for number in range(1, 499))
    service = make("stage")
    service.create(fields())
    with pytest.raises(Conflict, match="500"):
        service.create(fields())


def test_many_at_once_lose_nothing(service: ScheduleService) -> None:
    threads = [threading.Thread(target=service.create, args=(fields(),)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.id for each in service.all()] == list(range(1, 11))
    assert len(service.calendar.at(unix("2026-11-20T20:00"))) == 10


def test_a_zone_that_this_machine_lost_does_not_stop_the_rest(
    make: Make, database: Database
) -> None:
    made = make("stage").create(fields())
    with database.begin() as session:
        session.execute(update(ScheduleRow).values(timezone="Europe/Atlantis"))
    assert make("stage").get(made.id).zone.key == "Europe/Berlin"


def test_of_a_studio_that_is_gone_it_can_be_switched_off(make: Make) -> None:
    made = make("stage").create(fields())
    later = make("hall")
    assert not later.change(made.id, {"enabled": False}).enabled
    with pytest.raises(BadInput, match="no 'stage'"):
        later.change(made.id, {"enabled": True})
    assert later.change(made.id, {"enabled": True, "studio": "hall"}).enabled


def test_a_date_years_ahead_is_enough(service: ScheduleService) -> None:
    once: Fields = {**fields(), "weekdays": frozenset(), "add": frozenset({date(2031, 5, 1)})}
    made = service.create(once)
    assert [each.date for each in service.coming_of(made, 3)] == ["2031-05-01"]
    assert service.seconds_until(unix("2031-04-30T22:00"), DAY)["stage"] == 130 * 60
