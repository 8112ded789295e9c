"""Administration: settings hold at once, the studio obeys, what was deleted comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import MARKUP, House
from tests.running import eventually


@pytest.fixture(params=["phone", "desk"])
def admin(visits: Visits, request: pytest.FixtureRequest) -> Page:
    # Chromium writes every answer that refuses something to the console.
    visits.allow("/api/settings", "/api/admin/camera/reload")
    return visits.open("admin", request.param, "admin")


def test_a_setting_holds_at_once_and_goes_back(admin: Page, house: House) -> None:
    to(admin, "Settings")
    row = admin.get_by_role("row", name="jobs.workers")
    row.get_by_label("jobs.workers").fill("many")
    row.get_by_role("button", name="Save").click()
    # What is not liked is said, and stays to be mended.
    expect(admin.get_by_role("alert").filter(has_text="jobs.workers")).to_be_visible()
    expect(row.get_by_label("jobs.workers")).to_have_value("many")
    row.get_by_label("jobs.workers").fill("2")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_role("button", name="Default")).to_be_visible()
    assert setting(house, "jobs.workers") == 2
    row.get_by_role("button", name="Default").click()
    expect(row.get_by_role("button", name="Default")).to_be_hidden()
    assert setting(house, "jobs.workers") == 1


def test_retention_shows_what_would_go_and_touches_nothing(admin: Page, house: House) -> None:
    before = names(house)
    with settings(house, **{"retention.max_bytes": 0}):
        to(admin, "Retention")
        about = f"By the settings retention.*: {len(before)} videos"
        expect(admin.get_by_text(about)).to_be_visible()
        plan = admin.get_by_role("group", name="What would go now")
        expect(plan.get_by_text("all together too large")).to_have_count(len(before))
        expect(plan.get_by_text(MARKUP)).to_be_visible()
    assert names(house) == before


def test_what_is_in_the_trash_comes_back(admin: Page, house: House) -> None:
    before = names(house)
    (video,) = [v for v in house.call("GET", "/videos")["items"] if v["title"] == MARKUP]
    house.call("DELETE", f"/videos/{video['id']}")
    to(admin, "Retention")
    trash = admin.get_by_role("group", name="Trash")
    trash.get_by_role("row", name=MARKUP).get_by_role("button", name="Restore").click()
    expect(admin.get_by_text("The trash is empty.")).to_be_visible()
    assert names(house) == before


def test_the_studio_does_what_it_is_told(admin: Page, house: House) -> None:
    studio = admin.get_by_role("article", name="stage")
    studio.get_by_role("button", name="Reload the camera").click()
    expect(admin.get_by_role("alert").filter(has_text="studios.stage.camera_input")).to_be_visible()
    admin.get_by_role("alert").get_by_role("button", name="Close").click()

    of_stage = {"camera_input": "Color", "logo_scene": MARKUP, "logo_item": "Text"}
    with settings(house, **{f"studios.stage.{key}": value for key, value in of_stage.items()}):
        camera = item(house, "Color")["sceneItemId"]
        studio.get_by_role("button", name="Reload the camera").click()
        expect(admin.get_by_text("Done")).to_be_visible()
        assert item(house, "Color")["sceneItemId"] != camera
        for button, shown in (("Logo off", False), ("Logo on", True)):
            studio.get_by_role("button", name=button).click()
            eventually(lambda shown=shown: item(house, "Text")["sceneItemEnabled"] is shown)

    studio.get_by_role("button", name="Audio check").click()
    expect(studio.get_by_text("Tone")).to_be_visible()


def test_a_shutdown_is_asked_for_twice_and_can_be_called_off(admin: Page, house: House) -> None:
    to(admin, "Machine")
    shut = admin.get_by_role("button", name="Shut this machine down")
    shut.click()
    admin.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert plan(house) == "none"
    shut.click()
    admin.get_by_role("dialog").get_by_role("button", name="Shut this machine down").click()
    expect(admin.get_by_text("It shuts down")).to_be_visible()
    assert plan(house) == "planned"
    admin.get_by_role("button", name="Cancel the shutdown").click()
    expect(admin.get_by_text("Nothing is planned.")).to_be_visible()
    assert plan(house) == "none"


def test_what_happened_who_did_it_and_the_log(admin: Page, house: House) -> None:
    to(admin, "Events")
    expect(admin.get_by_role("row").nth(1)).to_be_visible()
    house.call("PATCH", "/settings", {"jobs.workers": 3})
    house.call("DELETE", "/settings/jobs.workers")
    to(admin, "Audit")
    expect(admin.get_by_text("PATCH /api/settings").first).to_be_visible()
    to(admin, "Log")
    lines = admin.get_by_role("group", name="Log").get_by_role("row")
    expect(lines.nth(1)).to_be_visible()
    admin.get_by_label("Text").fill("no line says this")
    admin.get_by_label("Text").press("Enter")
    expect(admin.get_by_text("No line is like that.")).to_be_visible()


def to(page: Page, panel: str) -> None:
    page.get_by_role("navigation", name="Admin").get_by_role("link", name=panel).click()


def names(house: House) -> set[str]:
    """Of all videos; other tests have recorded some."""
    return {video["name"] for video in house.call("GET", "/videos")["items"]}


def setting(house: House, key: str) -> object:
    found = house.call("GET", "/settings")["settings"]
    return {each["key"]: each["value"] for each in found}[key]


@contextlib.contextmanager
def settings(house: House, **values: object) -> Iterator[None]:
    house.call("PATCH", "/settings", values)
    try:
        yield
    finally:
        for key in values:
            house.ask("DELETE", f"/settings/{key}")


def item(house: House, name: str) -> dict[str, object]:
    items = house.obs.do("GetSceneItemList", sceneName=MARKUP)["sceneItems"]
    (found,) = [each for each in items if each["sourceName"] == name]
    return dict(found)


def plan(house: House) -> str:
    return str(house.call("GET", "/admin/shutdown")["state"])
