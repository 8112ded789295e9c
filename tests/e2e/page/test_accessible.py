"""axe-core finds nothing on any view, in both languages, by day and night; no name is markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import EVENING, MARKUP, QUOTES, SCRIPT, House
from tests.soak import is_soak

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map(({id, impact, nodes}) =>
    `${id} (${impact}): ` + nodes.slice(0, 4).map((node) =>
      `${node.html.slice(0, 200)} ${node.failureSummary}`).join(" | "));
}"""
PANELS = "studios settings tokens retention events audit logs machine".split()
VIEWS = ("room", "streams", "evenings", "schedule", *(f"admin/{each}" for each in PANELS))
LOOKS = [(language, scheme) for language in ("en-GB", "de-DE") for scheme in ("light", "dark")]


def violations(page: Page) -> list[str]:
    page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN)
    return found


def quiet(page: Page) -> None:
    """Everything that the view asks for has come."""
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(page.locator("main .view > *").first).to_be_attached()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_every_view(visits: Visits, house: House, size: str) -> None:
    looks = LOOKS if is_soak() else [LOOKS[0], LOOKS[3]] if size == "desk" else [LOOKS[1]]
    wrong: dict[str, list[str]] = {}
    for language, scheme in looks:
        page = visits.open("admin", size, locale=language, color_scheme=scheme)
        for view in [*VIEWS, video(house)]:
            page.goto(f"{house.url}/#/{view}")
            quiet(page)
            if found := violations(page):
                wrong[f"{view} {language} {scheme}"] = found
        page.context.close()
    assert wrong == {}


def video(house: House) -> str:
    items = house.call("GET", f"/videos?day={EVENING}")["items"]
    return f"evenings/{EVENING}/{items[0]['id']}"


def opened(page: Page, press: str) -> None:
    page.get_by_role("button", name=press).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_login_and_dialogs(visits: Visits, scheme: Any) -> None:
    page = visits.open(None, color_scheme=scheme)
    expect(page.get_by_label("Your token")).to_be_visible()
    assert violations(page) == []
    for view, press in (
        ("streams", "cam/left"),
        ("schedule", "New schedule"),
        ("admin/tokens", "New token"),
    ):
        page = visits.open("admin", view=view, color_scheme=scheme)
        opened(page, press)
        assert violations(page) == [], view


def test_names_are_only_ever_text(visits: Visits, house: House) -> None:
    page = visits.open("admin", view="streams")
    for name in (MARKUP, QUOTES):
        page.get_by_role("button", name=name).click()
        dialog = page.get_by_role("dialog", name=name)
        expect(dialog.get_by_text("Packets lost")).to_be_visible()
        dialog.get_by_role("button", name="Close").click()
    page.get_by_role("searchbox").fill(MARKUP)
    expect(page.get_by_role("button", name=MARKUP)).to_have_count(1)
    seen: list[tuple[str, Callable[[Page], Any]]] = [
        ("room", lambda at: at.get_by_role("meter", name=QUOTES)),
        ("evenings", lambda at: at.get_by_role("button", name=MARKUP)),
        ("schedule", lambda at: at.get_by_role("listitem").filter(has_text=SCRIPT)),
        ("admin/studios", lambda at: at.get_by_text(MARKUP)),
        ("admin/events", lambda at: at.get_by_role("region", name="Events")),
        ("admin/logs", lambda at: at.get_by_role("cell").get_by_text(MARKUP)),
        ("admin/logs", lambda at: at.locator("pre").get_by_text(QUOTES)),
        ("admin/audit", lambda at: at.get_by_role("region", name="Audit")),
    ]
    house.log(MARKUP, exception=QUOTES)
    for view, find in seen:
        page.goto(f"{house.url}/#/{view}")
        expect(find(page).first).to_be_visible()
    page.goto(f"{house.url}/#/evenings")
    page.get_by_role("button", name=MARKUP).click()
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    page.get_by_role("button", name="Title and notes").click()
    expect(page.get_by_role("textbox", name="Notes")).to_have_value(QUOTES)
    assert page.locator("main img[src=x], main script, [href^=javascript]").count() == 0


def test_a_place_that_is_made_up_leads_home(visits: Visits, house: House) -> None:
    visits.allow("404", "422")
    page = visits.open("viewer", view='"><script>/%E0%A4%A')
    expect(page.get_by_role("article", name="stage")).to_be_visible()
    page.goto(f"{house.url}/#/evenings/2026-01-01/{'<b>' * 3}")
    expect(page.get_by_role("link", name="All evenings")).to_be_visible()


def test_by_keyboard_alone(visits: Visits) -> None:
    page = visits.open("operator")
    expect(page.get_by_role("article", name="stage")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("link", name="Streams").press("Enter")
    page.get_by_role("button", name="cam/left").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="cam/left")).to_be_focused()
