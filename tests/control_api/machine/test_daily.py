"""A time of day comes once a day, whatever the clock does."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from control_api.machine.daily import Daily

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def came(wanted: str | None, *moments: str) -> list[str]:
    daily = Daily(BERLIN)
    return [moment for moment in moments if daily.has_come(wanted, at(moment))]


def test_it_comes_when_the_clock_passes_it() -> None:
    moments = ("2026-11-20T23:29:59+01:00", "2026-11-20T23:30:00+01:00")
    later = ("2026-11-20T23:30:01+01:00", "2026-11-21T23:29:59+01:00", "2026-11-21T23:30:00+01:00")
    assert came("23:30", *moments, *later) == [moments[1], later[2]]


@pytest.mark.parametrize(
    ("wanted", "moments"),
    [
        (None, ("2026-11-20T23:29:59+01:00", "2026-11-20T23:30:00+01:00")),
        # The service was started after it.
        ("23:30", ("2026-11-20T23:30:01+01:00", "2026-11-20T23:30:02+01:00")),
        # The machine slept.
        ("23:30", ("2026-11-20T22:00:00+01:00", "2026-11-20T23:36:00+01:00")),
        ("23:30", ("2026-11-20T22:00:00+01:00", "2026-11-21T08:00:00+01:00")),
    ],
)
def test_it_does_not_come(wanted: str | None, moments: tuple[str, ...]) -> None:
    assert came(wanted, *moments) == []


def test_a_clock_that_is_set_back_does_not_bring_it_again() -> None:
    first = ("2026-11-20T23:29:59+01:00", "2026-11-20T23:30:00+01:00")
    assert came("23:30", *first, "2026-11-20T23:00:00+01:00", *first) == [first[1]]


def test_in_the_night_with_two_the_first_counts() -> None:
    moments = ("2026-10-25T02:29:59+02:00", "2026-10-25T02:30:00+02:00")
    again = ("2026-10-25T02:29:59+01:00", "2026-10-25T02:30:00+01:00")
    assert came("02:30", *moments, *again) == [moments[1]]


def test_in_the_night_without_it_comes_an_hour_later() -> None:
    moments = ("2026-03-29T03:29:59+02:00", "2026-03-29T03:30:00+02:00")
    assert came("02:30", *moments) == [moments[1]]
