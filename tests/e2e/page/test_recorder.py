"""The page without the recorder or its database, and what an operator can do with a recording."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from leitstand.demo.obs.faults import Fault
from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import House
from tests.e2e.page.test_accessible import violations
from tests.e2e.page.test_redis import not_loaded_anew
from tests.running import eventually

SECONDS = 1_000
LATE = 30 * SECONDS
ENGLISH = "The recorder does not answer: nothing is recorded on schedule."
GERMAN = "Der Rekorder antwortet nicht: Es wird nicht nach Zeitplan aufgenommen."


@pytest.fixture(autouse=True)
def restored(house: House, visits: Visits) -> Iterator[None]:
    """The recorder runs again after the test, and nothing is scheduled or recorded."""
    visits.allow("/api/health", "/api/recordings/preview")
    yield
    house.obs.faults.clear()
    if house.recorder is None:
        house.start_recorder()
    eventually(lambda: house.status["connected"])
    for schedule in house.call("GET", "/schedules"):
        if schedule["title"] == "The evening":
            house.call("DELETE", f"/schedules/{schedule['id']}")
    if house.status["recording"]:
        house.ask("POST", "/recordings/stop", {})
    house.becomes(recording=False)


@pytest.fixture
def evening(house: House) -> datetime:
    """A window that runs; its end."""
    house.window(starts_in=0, seconds=3600)
    house.becomes(verified=True)
    return datetime.fromisoformat(until(house))


def until(house: House) -> str:
    return str(house.status["until"])


def stage(page: Page) -> Locator:
    return page.get_by_role("article", name="stage")


def confirm(page: Page, button: str) -> str:
    """Answer the dialog, and give its text."""
    dialog = page.get_by_role("dialog")
    text = dialog.inner_text()
    assert violations(page) == []
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_be_hidden()
    return text


def first_line(page: Page) -> Locator:
    return page.locator("main .view").get_by_role("alert").first


def test_the_recorder_is_killed_while_somebody_looks(visits: Visits, house: House) -> None:
    desk = visits.open("operator")
    phone = visits.open("viewer", "phone", locale="de-DE", color_scheme="dark")
    for page in (desk, phone):
        expect(stage(page).get_by_role("img")).to_be_visible()
    with not_loaded_anew(desk, phone):
        house.kill_recorder()
        for page, words, since, word in (
            (desk, ENGLISH, "since", "Not known"),
            (phone, GERMAN, "seit", "Nicht bekannt"),
        ):
            expect(first_line(page)).to_contain_text(words, timeout=LATE)
            expect(first_line(page)).to_contain_text(re.compile(rf"{since} \d\d:\d\d"))
            expect(page.get_by_text(words)).to_have_count(1)
            expect(stage(page).get_by_text(word)).to_be_visible()
            expect(page.get_by_text("✓")).to_be_hidden()
            assert violations(page) == []
        expect(stage(desk).get_by_role("button", name="● Record")).to_be_disabled()
        the_rest_is_usable(desk)
        house.start_recorder()
        for page, words in ((desk, ENGLISH), (phone, GERMAN)):
            expect(page.get_by_text(words)).to_be_hidden(timeout=LATE)
        expect(stage(desk).get_by_role("button", name="● Record")).to_be_enabled()
        expect(desk.get_by_text("All is well")).to_be_visible()


def the_rest_is_usable(page: Page) -> None:
    page.get_by_role("link", name="Streams").click()
    expect(page.get_by_role("button", name="cam/left")).to_be_visible()
    page.get_by_role("link", name="Evenings").click()
    expect(page.get_by_role("heading", name="Which evening?")).to_be_visible()
    page.get_by_role("link", name="Schedule").click()
    expect(page.get_by_role("button", name="New schedule", exact=True)).to_be_visible()
    page.get_by_role("link", name="Control room").click()
    expect(first_line(page)).to_contain_text(ENGLISH)


def test_a_database_that_cannot_be_written(visits: Visits, house: House) -> None:
    page = visits.open("operator")
    expect(page.get_by_text("All is well")).to_be_visible()
    with writer_lock(house):
        expect(first_line(page)).to_contain_text("The database cannot be written", timeout=LATE)
        expect(first_line(page)).to_contain_text("Recording goes on")
        assert violations(page) == []
    expect(page.get_by_text("All is well")).to_be_visible(timeout=LATE)


@contextlib.contextmanager
def writer_lock(house: House) -> Iterator[None]:
    """SQLite's, held by another process."""
    with contextlib.closing(sqlite3.connect(house.folder / "state" / "leitstand.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def test_another_leitstand_is_told_before_a_database_that_was_replaced(
    visits: Visits, house: House
) -> None:
    """The page alone: the answer of the service is changed on the way."""
    since = datetime.fromtimestamp(time.time() - 2 * 86_400).astimezone()

    def changed(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"][0] |= {
            "faults": [
                _fault("database_replaced", since, detail="leitstand.db is gone"),
                _fault("other_leitstand", since, host="<b>cellar</b>"),
                _fault("slow", since, seconds=17),
            ]
        }
        route.fulfill(response=answer, json=body)

    page = visits.open("operator", locale="de-DE")
    page.route("**/api/recordings/status", changed)
    words = "Ein anderer Leitstand auf <b>cellar</b> steuert stage"
    expect(first_line(page)).to_contain_text(words)
    others = page.get_by_role("region", name="Was nicht stimmt")
    expect(others).to_contain_text("Die Datenbank ist neu oder wurde ersetzt")
    faults = stage(page).get_by_role("list", name="Was nicht stimmt").get_by_role("listitem")
    expect(faults).to_have_count(2)
    expect(faults.nth(0)).to_contain_text("steuert dieses Studio")
    expect(faults.nth(1)).to_contain_text("seit 17 s wurde nichts geschrieben")
    expect(faults.nth(1)).to_contain_text(re.compile(r"seit \w+\.?, \d+\. \w+\.? \d\d:\d\d"))
    expect(stage(page).get_by_role("button", name="Aufnehmen")).to_have_count(0)
    assert violations(page) == []
    page.unroute("**/api/recordings/status")
    expect(page.get_by_text("Alles in Ordnung")).to_be_visible()


def _fault(code: str, since: datetime, **params: Any) -> dict[str, Any]:
    return {"code": code, "params": params, "since": since.isoformat(), "text": code}


def test_a_window_is_made_longer_and_goes_back_to_its_end(
    visits: Visits, house: House, evening: datetime
) -> None:
    visits.allow("422")
    page = visits.open("operator")
    expect(stage(page)).to_contain_text(f"on schedule · until {evening:%H:%M}")
    expect(stage(page).get_by_role("button", name="Back to the schedule")).to_have_count(0)
    stage(page).get_by_role("button", name="15 minutes longer").click()
    longer = evening + timedelta(minutes=15)
    expect(page.get_by_text(f"It records until {longer:%H:%M}.")).to_be_visible()
    expect(stage(page)).to_contain_text(f"until {longer:%H:%M}")
    assert datetime.fromisoformat(until(house)) == longer

    stage(page).get_by_role("button", name="Until …").click()
    dialog = page.get_by_role("dialog", name="Until when should stage record?")
    clock = dialog.get_by_label("Time")
    clock.fill(f"{evening:%H:%M}")
    dialog.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("alert").filter(has_text="until then anyway")).to_be_visible()
    latest = evening + timedelta(minutes=40)
    clock.fill(f"{latest:%H:%M}")
    confirm(page, "Extend")
    expect(stage(page)).to_contain_text(f"until {latest:%H:%M}")

    stage(page).get_by_role("button", name="Back to the schedule").click()
    assert "the longer end" in confirm(page, "Back to the schedule")
    expect(stage(page)).to_contain_text(f"until {evening:%H:%M}")
    expect(stage(page).get_by_role("button", name="Back to the schedule")).to_have_count(0)
    assert datetime.fromisoformat(until(house)) == evening
    assert house.status["recording"]


def test_a_stop_is_undone_and_the_gap_is_told_in_german(
    visits: Visits, house: House, evening: datetime
) -> None:
    page = visits.open("operator", "phone", locale="de-DE")
    expect(stage(page)).to_contain_text(f"nach Zeitplan · bis {evening:%H:%M}")
    stage(page).get_by_role("button", name="Beenden").click()
    confirm(page, "Beenden")
    expect(stage(page).get_by_text("Bereit")).to_be_visible()
    expect(stage(page)).to_contain_text("gestoppt von operator")
    expect(stage(page).get_by_role("button", name="15 Minuten länger")).to_have_count(0)
    stage(page).get_by_role("button", name="Zurück zum Zeitplan").click()
    assert "Das Beenden durch operator" in confirm(page, "Zurück zum Zeitplan")
    expect(stage(page).get_by_text("● Aufnahme")).to_be_visible()
    house.becomes(verified=True)
    page.get_by_role("link", name="Zeitplan").click()
    run = page.get_by_role("listitem").filter(has_text="The evening").filter(has_text="Läuft")
    expect(run).to_contain_text("gestoppt von operator")


def test_a_start_by_hand_is_undone(visits: Visits, house: House) -> None:
    page = visits.open("operator")
    stage(page).get_by_role("button", name="● Record").click()
    expect(stage(page)).to_contain_text(re.compile("started by operator .* · until "))
    stage(page).get_by_role("button", name="Back to the schedule").click()
    assert "the start by operator" in confirm(page, "Back to the schedule")
    expect(stage(page).get_by_text("Ready")).to_be_visible()
    house.becomes(recording=False, overridden=False)


def test_who_only_looks_sees_until_when_and_can_change_nothing(
    visits: Visits, house: House, evening: datetime
) -> None:
    page = visits.open("viewer")
    expect(stage(page)).to_contain_text(f"until {evening:%H:%M}")
    expect(stage(page).locator(".buttons").get_by_role("button")).to_have_count(0)


def test_a_stop_that_obs_does_not_do_is_shown_and_all_that_is_wrong(
    visits: Visits, house: House
) -> None:
    page = visits.open("operator")
    stage(page).get_by_role("button", name="● Record").click()
    house.becomes(verified=True)
    house.obs.faults.add(Fault.DISK_HANGS)
    stage(page).get_by_role("button", name="Stop").click()
    confirm(page, "Stop")
    expect(page.get_by_text("OBS was asked to stop and is still writing.")).to_be_visible()
    expect(stage(page).get_by_text("Stopping")).to_be_visible()
    expect(page.get_by_text("All is well")).to_be_hidden(timeout=60 * SECONDS)
    expect(stage(page).get_by_role("button", name="Pause")).to_have_count(0)
    faults = stage(page).get_by_role("list", name="What is wrong").get_by_role("listitem")
    expect(faults).to_have_count(2, timeout=60 * SECONDS)
    for words in ("OBS was asked to stop and does not", "nothing was written for"):
        fault = faults.filter(has_text=words)
        expect(fault).to_contain_text(re.compile(r"since \d\d:\d\d"))
    assert violations(page) == []
    house.obs.faults.clear()
    expect(stage(page).get_by_text("Ready")).to_be_visible()
    expect(faults).to_have_count(0)
