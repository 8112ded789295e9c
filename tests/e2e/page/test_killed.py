"""The service is killed in the middle: a banner shows, it heals, the work ends right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import FPS, House
from tests.e2e.page.test_performer import downloaded, to_the_evening
from tests.leitstand.cut.media import watch

SECONDS = 1_000
LOST = "No connection to Leitstand"
_PROVOKED = ("net::ERR", "WebSocket connection to")


@pytest.fixture
def killed(house: House, visits: Visits) -> Iterator[House]:
    """It runs again after the test, whatever happens in it."""
    visits.allow(*_PROVOKED)
    yield house
    if not house.answers():
        house.start()


def heals(page: Page) -> None:
    expect(page.get_by_text(LOST)).to_be_hidden(timeout=30 * SECONDS)


def test_while_somebody_looks(visits: Visits, killed: House) -> None:
    pages = [visits.open("operator"), visits.open("viewer", "phone", "streams")]
    expect(pages[0].get_by_role("article", name="stage")).to_be_visible()
    expect(pages[1].get_by_role("button", name="cam/left")).to_be_visible()
    killed.kill_api()
    for page in pages:
        expect(page.get_by_text(LOST)).to_be_visible(timeout=3 * SECONDS)
    killed.start()
    for page in pages:
        heals(page)
    killed.world.publish("back")
    expect(pages[1].get_by_role("button", name="back")).to_be_visible()
    expect(pages[0].get_by_text("● Record")).to_be_enabled()


def test_while_a_clip_is_made(visits: Visits, killed: House, tmp_path: Path) -> None:
    page = visits.open("operator", "phone", accept_downloads=True)
    to_the_evening(page)
    page.get_by_label("Start", exact=True).fill("20:31:02")
    page.get_by_label("End", exact=True).fill("20:31:19")
    page.get_by_label("End", exact=True).press("Tab")
    page.get_by_role("button", name="Make the clip").click()
    expect(page.get_by_role("heading", name="The clip is being made")).to_be_visible()
    killed.kill_api()
    expect(page.get_by_text(LOST)).to_be_visible(timeout=3 * SECONDS)
    killed.start()
    expect(page.get_by_role("heading", name="Your clip is ready")).to_be_visible(
        timeout=60 * SECONDS
    )
    heals(page)
    numbers = watch(downloaded(page, tmp_path)).numbers
    assert (numbers[0], numbers[-1], len(numbers)) == (2 * FPS, 19 * FPS - 1, 17 * FPS)


def test_while_a_schedule_is_made(visits: Visits, killed: House) -> None:
    page = visits.open("operator", view="schedule")
    page.get_by_role("button", name="New schedule", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Made twice")
    dialog.get_by_label("Also on").fill("2030-01-02")
    killed.kill_api()
    dialog.get_by_role("button", name="Save").click()
    said = page.get_by_role("alert").filter(has_text="Leitstand cannot be reached")
    expect(said).to_be_visible()
    expect(dialog).to_be_visible()
    killed.start()
    heals(page)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("listitem").filter(has_text="Made twice")).to_be_visible()
    titles = [each["title"] for each in killed.call("GET", "/schedules")]
    assert titles.count("Made twice") == 1


def test_while_it_records(visits: Visits, killed: House) -> None:
    page = visits.open("operator")
    studio = page.get_by_role("article", name="stage")
    studio.get_by_role("button", name="● Record").click()
    expect(studio.get_by_text("● Recording")).to_be_visible()
    killed.becomes(verified=True)
    killed.kill_api()
    expect(page.get_by_text(LOST)).to_be_visible(timeout=3 * SECONDS)
    killed.start()
    heals(page)
    expect(studio.get_by_text("● Recording")).to_be_visible()
    studio.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(studio.get_by_text("Ready")).to_be_visible()
    killed.becomes(recording=False)


def test_the_exporter_is_away_and_back(visits: Visits, house: House) -> None:
    pages = [visits.open("viewer", view="streams"), visits.open("operator")]
    expect(pages[0].get_by_role("button", name="cam/left")).to_be_visible()
    house.kill_exporter()
    try:
        expect(pages[0].get_by_text("These streams are as they were")).to_be_visible()
        expect(pages[1].get_by_text("Is the exporter running?")).to_be_visible()
        # What was known stays.
        expect(pages[0].get_by_role("button", name="cam/left")).to_be_visible()
    finally:
        house.start_exporter()
    expect(pages[0].get_by_text("These streams are as they were")).to_be_hidden()
    expect(pages[1].get_by_text("Is the exporter running?")).to_be_hidden()


def test_a_login_that_has_ended_shows_the_login_and_nothing_else(
    visits: Visits, house: House
) -> None:
    visits.allow("401", "WebSocket connection to")
    page = visits.open("viewer")
    expect(page.get_by_role("article", name="stage")).to_be_visible()
    page.context.clear_cookies()
    expect(page.get_by_label("Your token")).to_be_visible()
    for role in ("navigation", "article", "alert"):
        expect(page.get_by_role(role)).to_have_count(0 if role != "alert" else 1)
    page.get_by_label("Your token").fill("not-a-token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="token")).to_be_visible()


def test_two_see_the_same(visits: Visits, house: House) -> None:
    one, two = visits.open("operator"), visits.open("operator", "phone")
    one.get_by_role("button", name="● Record").click()
    for page in (one, two):
        expect(page.get_by_text("● Recording")).to_be_visible()
    two.get_by_role("button", name="Stop").click()
    two.get_by_role("dialog").get_by_role("button", name="Stop").click()
    for page in (one, two):
        expect(page.get_by_role("button", name="● Record")).to_be_enabled()


def test_who_comes_second_is_told(visits: Visits, house: House) -> None:
    visits.allow("409")
    page = visits.open("operator")
    record = page.get_by_role("button", name="● Record")
    expect(record).to_be_enabled()
    # What the first one did has not come to this page yet.
    page.route("**/api/recordings/status", lambda route: route.abort())
    visits.allow("net::ERR_FAILED")
    house.call("POST", "/recordings/start", {})
    record.click()
    expect(page.get_by_role("alert").filter(has_text="already")).to_be_visible()
    house.call("POST", "/recordings/stop", {})
