"""Windows: the days they fall on, the nights on which clocks are set, what must always hold."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from control_api.schedules.windows import (
    DAY,
    Calendar,
    Schedule,
    Window,
    at,
    coming,
    on,
    windows,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = (BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia"))
EVERY_DAY = frozenset(range(7))


def clock(shown: str) -> int:
    hours, minutes = shown.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def schedule(start: str, end: str, zone: ZoneInfo = BERLIN, **others: object) -> Schedule:
    plain = Schedule(1, "Show", "main", EVERY_DAY, clock(start), clock(end), zone)
    return replace(plain, **others)  # type: ignore[arg-type]


def times(window: Window | None, zone: ZoneInfo) -> tuple[str, str]:
    assert window
    start, end = (datetime.fromtimestamp(each, zone) for each in (window.start, window.end))
    return f"{start:%d %H:%M%z}", f"{end:%d %H:%M%z}"


def unix(shown: str, zone: ZoneInfo | None = None) -> float:
    return datetime.fromisoformat(shown).replace(tzinfo=zone or BERLIN).timestamp()


NIGHTS = [
    # Berlin, forward: 02:00 is followed by 03:00.
    (BERLIN, "2027-03-28", "01:00", "04:00", "28 01:00+0100", "28 04:00+0200"),
    (BERLIN, "2027-03-28", "02:30", "04:00", "28 03:00+0200", "28 04:00+0200"),
    (BERLIN, "2027-03-28", "02:00", "04:00", "28 03:00+0200", "28 04:00+0200"),
    (BERLIN, "2027-03-28", "01:00", "02:30", "28 01:00+0100", "28 03:30+0200"),
    (BERLIN, "2027-03-28", "02:15", "02:30", "28 03:00+0200", "28 03:30+0200"),
    (BERLIN, "2027-03-28", "02:30", "03:00", "28 03:00+0200", "28 03:30+0200"),
    (BERLIN, "2027-03-28", "01:59", "02:00", "28 01:59+0100", "28 03:00+0200"),
    (BERLIN, "2027-03-27", "22:00", "02:30", "27 22:00+0100", "28 03:30+0200"),
    (BERLIN, "2027-03-27", "22:00", "06:00", "27 22:00+0100", "28 06:00+0200"),
    # Berlin, back: 02:59 is followed by 02:00.
    (BERLIN, "2027-10-31", "01:00", "04:00", "31 01:00+0200", "31 04:00+0100"),
    (BERLIN, "2027-10-31", "02:30", "04:00", "31 02:30+0200", "31 04:00+0100"),
    (BERLIN, "2027-10-31", "01:00", "02:30", "31 01:00+0200", "31 02:30+0200"),
    (BERLIN, "2027-10-31", "02:15", "02:30", "31 02:15+0200", "31 02:30+0200"),
    (BERLIN, "2027-10-31", "02:30", "03:00", "31 02:30+0200", "31 03:00+0100"),
    (BERLIN, "2027-10-30", "22:00", "02:30", "30 22:00+0200", "31 02:30+0200"),
    # New York, forward: 02:00 is followed by 03:00.
    (NEW_YORK, "2027-03-14", "02:30", "04:00", "14 03:00-0400", "14 04:00-0400"),
    (NEW_YORK, "2027-03-14", "01:00", "02:30", "14 01:00-0500", "14 03:30-0400"),
    (NEW_YORK, "2027-03-13", "23:00", "03:00", "13 23:00-0500", "14 03:00-0400"),
    # New York, back: 01:59 is followed by 01:00.
    (NEW_YORK, "2027-11-07", "01:30", "03:00", "07 01:30-0400", "07 03:00-0500"),
    (NEW_YORK, "2027-11-06", "23:00", "01:30", "06 23:00-0400", "07 01:30-0400"),
    # Half an hour: 02:00 is followed by 02:30.
    (ZONES[2], "2027-10-03", "02:10", "04:00", "03 02:30+1100", "03 04:00+1100"),
    (ZONES[2], "2027-10-03", "01:00", "02:10", "03 01:00+1030", "03 02:40+1100"),
    # At midnight, so that the date itself begins late or ends early.
    (ZoneInfo("Africa/Cairo"), "2027-04-30", "00:30", "02:00", "30 01:00+0300", "30 02:00+0300"),
    (ZoneInfo("America/Nuuk"), "2027-03-27", "23:30", "01:00", "28 00:00-0100", "28 01:00-0100"),
    # A plain day, up to its end.
    (BERLIN, "2027-01-01", "00:00", "24:00", "01 00:00+0100", "02 00:00+0100"),
    (BERLIN, "2027-01-01", "22:00", "00:00", "01 22:00+0100", "02 00:00+0100"),
]


@pytest.mark.parametrize(("zone", "day", "start", "end", "begins", "ends"), NIGHTS)
def test_local_time_holds(
    zone: ZoneInfo, day: str, start: str, end: str, begins: str, ends: str
) -> None:
    found = on(schedule(start, end, zone), date.fromisoformat(day))
    assert times(found, zone) == (begins, ends)


def test_a_date_that_a_zone_left_out_has_no_window() -> None:
    apia = ZoneInfo("Pacific/Apia")
    evening = schedule("20:00", "02:00", apia)
    found = windows(evening, unix("2011-12-29", apia), unix("2012-01-01", apia))
    assert [each.date for each in found] == ["2011-12-28", "2011-12-29", "2011-12-31"]


def test_a_window_belongs_to_the_date_and_weekday_of_its_start() -> None:
    fridays = schedule("22:00", "02:00", weekdays=frozenset({4}))
    (found,) = at([fridays], unix("2026-11-21T01:00"))  # a Saturday
    assert found.date == "2026-11-20"
    assert at([fridays], unix("2026-11-20T01:00")) == []


def test_a_window_is_half_open() -> None:
    evening = schedule("20:00", "22:00")
    assert at([evening], unix("2026-11-20T19:59:59.999")) == []
    assert len(at([evening], unix("2026-11-20T20:00"))) == 1
    assert len(at([evening], unix("2026-11-20T21:59:59.999"))) == 1
    assert at([evening], unix("2026-11-20T22:00")) == []


def test_dates_are_skipped_and_added() -> None:
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    mondays = schedule(
        "20:00",
        "22:00",
        weekdays=frozenset({0}),
        skip=frozenset({monday}),
        add=frozenset({monday, tuesday}),
    )
    found = coming([mondays], unix("2026-11-22"), 2)
    assert [each.date for each in found] == ["2026-11-24", "2026-11-30"]


def test_a_single_date_is_found_however_far_it_is() -> None:
    once = schedule("20:00", "22:00", weekdays=frozenset(), add=frozenset({date(2031, 5, 1)}))
    weekly = schedule("20:00", "22:00", weekdays=frozenset({0}), add=frozenset({date(2031, 5, 1)}))
    assert [each.date for each in coming([once], unix("2026-11-22"), 5)] == ["2031-05-01"]
    dates = [each.date for each in coming([weekly], unix("2026-11-22"), 1000)]
    assert dates[-1] == "2031-05-01"
    assert len(dates) == len(set(dates)) > 50


def test_what_is_switched_off_does_not_record() -> None:
    off = schedule("20:00", "22:00", enabled=False)
    assert at([off], unix("2026-11-20T21:00")) == []
    assert coming([off], unix("2026-11-20"), 1) == []


def test_coming_windows_begin_at_or_after_and_are_in_order() -> None:
    late, early = schedule("20:00", "22:00"), schedule("08:00", "09:00", id=2)
    found = coming([late, early], unix("2026-11-20T20:00"), 3)
    assert [each.start for each in found] == [
        unix("2026-11-20T20:00"),
        unix("2026-11-21T08:00"),
        unix("2026-11-21T20:00"),
    ]


def test_a_calendar_is_asked_every_second_at_little_cost() -> None:
    evening = schedule("20:00", "22:00")
    calendar = Calendar(replace(evening, id=number, start=number * 60) for number in range(300))
    now = unix("2026-11-20T21:00")
    calendar.at(now)
    begun = time.perf_counter()
    for second in range(100):
        calendar.at(now + second)
    assert (time.perf_counter() - begun) / 100 < 0.001


LOCAL_SECONDS = (
    st.integers(0, DAY - 1)
    | st.integers(0, 4 * 3600)
    | st.integers(0, 16).map(lambda quarter: quarter * 900)
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    start, end = draw(LOCAL_SECONDS), draw(LOCAL_SECONDS | st.just(DAY))
    assume(start != end)
    zone = draw(st.sampled_from([*ZONES, ZoneInfo("UTC")]))
    weekdays = draw(st.frozensets(st.integers(0, 6)))
    days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
    skip, add = draw(st.frozensets(days, max_size=5)), draw(st.frozensets(days, max_size=5))
    return Schedule(1, "Show", "main", weekdays, start, end, zone, skip, add)


@given(schedules())
def test_every_date_that_is_wanted_has_one_window_that_is_not_empty(wanted: Schedule) -> None:
    first, last = date(2024, 1, 1), date(2030, 12, 31)
    found = list(
        windows(
            wanted,
            datetime(2024, 1, 1, tzinfo=UTC).timestamp() - 2 * DAY,
            datetime(2031, 1, 1, tzinfo=UTC).timestamp() + 2 * DAY,
        )
    )
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    expected = [
        day.isoformat()
        for day in days
        if (day.weekday() in wanted.weekdays or day in wanted.add) and day not in wanted.skip
    ]
    inside = f"{first}", f"{last}"
    assert [each.date for each in found if inside[0] <= each.date <= inside[1]] == expected
    assert all(0 < each.end - each.start <= wanted.usual_seconds + 3600 for each in found)
    assert all(one.start < other.start for one, other in pairwise(found))


@given(schedules(), st.sampled_from([2024, 2027]), st.data())
def test_a_moment_is_in_a_window_if_between_says_so(
    wanted: Schedule, year: int, data: st.DataObject
) -> None:
    begin = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    every = list(windows(wanted, begin, begin + 366 * DAY))
    edges = [edge for each in every for edge in (each.start, each.end)]
    anywhere = st.floats(begin + 2 * DAY, begin + 360 * DAY)
    moment = data.draw(st.sampled_from(edges) | anywhere if edges else anywhere)
    expected = [each for each in every if each.start <= moment < each.end]
    assume(begin <= moment < begin + 366 * DAY)
    assert Calendar([wanted]).at(moment) == expected
    later = [each for each in every if each.start >= moment][:3]
    assert coming([wanted], moment, 3)[: len(later)] == later
