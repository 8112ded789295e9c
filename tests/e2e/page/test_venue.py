"""The venue: a schedule is made, moved by hand, records by itself, and tells what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import House
from tests.venue import ZONE


@pytest.fixture
def concert(house: House) -> Any:
    """A schedule every Wednesday; it is gone after the test."""
    body = {"title": "Concert", "weekdays": ["wed"], "start": "19:00", "end": "21:00"}
    made = house.call("POST", "/schedules", body)
    yield made
    for each in house.call("GET", "/schedules"):
        if each["title"] in ("Concert", "By hand"):
            house.call("DELETE", f"/schedules/{each['id']}")


def the_week_after(page: Page) -> None:
    """All of it is still to come."""
    page.get_by_role("button", name="The week after").click()


def answer(page: Page, button: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=button).click()
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_window_is_made_records_and_is_told_of(visits: Visits, house: House, size: str) -> None:
    page = visits.open("operator", size, "schedule")
    now = datetime.now(ZONE)
    page.get_by_role("button", name="New schedule", exact=True).click()
    page.get_by_role("dialog").get_by_label("Title").fill(f"Evening {size}")
    page.get_by_label("From").fill(now.strftime("%H:%M"))
    page.get_by_label("To", exact=True).fill((now + timedelta(minutes=2)).strftime("%H:%M"))
    page.get_by_label("Also on").fill(now.strftime("%Y-%m-%d"))
    answer(page, "Save")
    row = page.get_by_role("listitem").filter(has_text=f"Evening {size}")
    expect(row.get_by_text("● Running")).to_be_visible()
    house.becomes(recording=True, verified=True)
    row.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Delete").click()
    expect(row.get_by_text("● Running")).to_be_hidden()
    house.becomes(recording=False)


def test_it_is_dragged_to_another_day_and_hour(visits: Visits, house: House, concert: Any) -> None:
    page = visits.open("operator", view="schedule")
    the_week_after(page)
    window = page.get_by_role("button", name="Concert, stage, 19:00–21:00")
    window.scroll_into_view_if_needed()
    box = window.bounding_box()
    day = page.locator(".column .body").first.bounding_box()
    assert box is not None
    assert day is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    page.mouse.down()
    # Two days later, two hours earlier.
    page.mouse.move(box["x"] + box["width"] / 2 + 2.1 * day["width"], box["y"] + 8, steps=5)
    to = (box["x"] + box["width"] / 2 + 2.1 * day["width"], box["y"] + 8 - day["height"] / 12)
    page.mouse.move(*to, steps=5)
    page.mouse.up()
    expect(page.get_by_role("dialog").get_by_text("17:00–19:00")).to_be_visible()
    answer(page, "Every week")
    expect(page.get_by_role("button", name="Concert, stage, 17:00–19:00")).to_be_visible()
    kept = house.call("GET", f"/schedules/{concert['id']}")
    assert (kept["weekdays"], kept["start"], kept["end"]) == (["fri"], "17:00", "19:00")


def test_arrow_keys_move_it_this_time_only(visits: Visits, house: House, concert: Any) -> None:
    page = visits.open("operator", view="schedule")
    the_week_after(page)
    window = page.get_by_role("button", name="Concert, stage, 19:00–21:00")
    window.focus()
    window.press("Alt+ArrowDown")
    expect(page.get_by_role("dialog").get_by_text("19:05–21:05")).to_be_visible()
    answer(page, "Only this time")
    expect(page.get_by_role("button", name="Concert, stage, 19:05–21:05")).to_be_visible()
    expect(page.get_by_role("button", name="Concert, stage, 19:00–21:00")).to_be_hidden()
    kept = house.call("GET", f"/schedules/{concert['id']}")
    assert (kept["weekdays"], kept["start"], len(kept["skip"])) == (["wed"], "19:00", 1)


def test_an_exception_is_made_and_taken_out_again(
    visits: Visits, house: House, concert: Any
) -> None:
    page = visits.open("operator", "phone", "schedule")
    row = page.get_by_role("listitem").filter(has_text="Concert").get_by_role("button")
    day = concert["next"][0]["start"][:10]
    row.click()
    page.get_by_label("Not on").fill(day)
    answer(page, "Save")
    assert house.call("GET", f"/schedules/{concert['id']}")["skip"] == [day]
    row.click()
    page.get_by_role("button", name="Take").click()
    answer(page, "Save")
    assert house.call("GET", f"/schedules/{concert['id']}")["skip"] == []


def test_what_is_opened_is_as_it_is_though_the_list_is_late(
    visits: Visits, house: House, concert: Any
) -> None:
    page = visits.open("operator", "phone", "schedule")
    row = page.get_by_role("listitem").filter(has_text="Concert").get_by_role("button")
    expect(row).to_be_visible()
    held: list[Route] = []
    page.route("**/api/schedules", lambda route: held.append(route))
    house.call("PATCH", f"/schedules/{concert['id']}", {"skip": [concert["next"][0]["start"][:10]]})
    row.dblclick()
    expect(page.get_by_role("button", name="Take")).to_be_visible()
    answer(page, "Cancel")
    for each in held:
        each.continue_()


def test_what_the_service_refuses_is_said_and_nothing_is_lost(visits: Visits) -> None:
    visits.allow("422")
    page = visits.open("operator", view="schedule")
    page.get_by_role("button", name="New schedule", exact=True).click()
    answer_of = page.get_by_role("dialog")
    answer_of.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="title")).to_be_visible()
    expect(answer_of).to_be_visible()
