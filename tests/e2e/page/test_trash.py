"""Deleting on the page: to the trash and back, for good, and the whole trash at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import House, another
from tests.running import eventually

FILE = "2026-11-18 19-00-00 Spare.mkv"


@pytest.fixture
def spare(house: House) -> Iterator[str]:
    """The id of a video that may be deleted; there is nothing else in the trash."""
    house.call("DELETE", "/videos/trash")
    path = house.recordings / FILE
    another(path)
    os.utime(path, (time.time() - 3600,) * 2)
    house.call("POST", "/videos/scan")
    yield eventually(lambda: found(house))
    house.call("DELETE", "/videos/trash")
    if id := found(house):
        house.call("DELETE", f"/videos/{id}?now=true")


def found(house: House) -> str:
    items = house.call("GET", "/videos")["items"]
    return next((each["id"] for each in items if each["name"] == FILE), "")


def trash(house: House) -> list[str]:
    return [each["name"] for each in house.call("GET", "/videos/trash")]


def delete(page: Page, way: str) -> None:
    page.get_by_role("button", name="19-00-00").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=way).click()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_to_the_trash_back_and_for_good(
    visits: Visits, house: House, spare: str, size: str
) -> None:
    # Chromium writes every picture that is gone meanwhile to the console.
    visits.allow(f"/api/videos/{spare}")
    page = visits.open("operator", size, "evenings")
    delete(page, "Cancel")
    assert found(house) == spare
    page.get_by_role("link", name="All evenings").click()
    delete(page, "Move to the trash")
    expect(page.get_by_text("It is in the trash.")).to_be_visible()
    assert trash(house) == [FILE]
    section = page.get_by_role("region", name="Trash")
    expect(section.get_by_text("One video")).to_be_visible()
    section.get_by_role("button", name="Restore").click()
    expect(section.get_by_role("button")).to_have_count(0)
    assert found(house) == spare
    expect(page.get_by_role("button", name="19-00-00")).to_be_visible()
    delete(page, "Delete for good")
    expect(page.get_by_text("Deleted for good.")).to_be_visible()
    assert (trash(house), found(house)) == ([], "")
    assert not (house.recordings / FILE).exists()


def test_the_trash_is_emptied(visits: Visits, house: House, spare: str) -> None:
    house.call("DELETE", f"/videos/{spare}")
    page = visits.open("operator", view="evenings")
    section = page.get_by_role("region", name="Trash")
    empty = section.get_by_role("button", name="Empty the trash")
    empty.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert trash(house) == [FILE]
    empty.click()
    page.get_by_role("dialog").get_by_role("button", name="Empty the trash").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    expect(section.get_by_role("button")).to_have_count(0)
    assert trash(house) == []


def test_one_of_the_trash_is_deleted_for_good(visits: Visits, house: House, spare: str) -> None:
    house.call("DELETE", f"/videos/{spare}")
    page = visits.open("admin", view="admin")
    page.get_by_role("navigation", name="Admin").get_by_role("link", name="Retention").click()
    row = page.get_by_role("row", name=FILE)
    row.get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    assert trash(house) == []


def test_a_viewer_sees_no_trash(visits: Visits, house: House, spare: str) -> None:
    house.call("DELETE", f"/videos/{spare}")
    page = visits.open("viewer", view="evenings")
    expect(page.get_by_role("button", name="20-31-00")).to_be_visible()
    expect(page.get_by_role("button", name="Empty the trash")).to_have_count(0)
