"""An evening in parts over midnight: one title, one time bar, any clock time finds its place."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import FPS, House
from tests.e2e.page.test_performer import downloaded
from tests.leitstand.cut.media import Recipe, record, watch
from tests.running import eventually

EARLY, LATE = "2026-11-14 23-59-40", "2026-11-15 00-00-00"
SECONDS = 10
TITLE = "Night of the proms"


@pytest.fixture(scope="module")
def parts(house: House) -> Mapping[str, str]:
    """Two videos with ten seconds between them, in which midnight is; their ids by name."""
    for name, quality in ((EARLY, "20"), (LATE, "30")):
        path = house.folder / "recordings" / f"{name}.mkv"
        record(path, Recipe(seconds=SECONDS, options={"g": "50", "bf": "2", "crf": quality}))
        os.utime(path, (time.time() - 3600,) * 2)
    house.call("POST", "/videos/scan")

    def found() -> dict[str, str]:
        items = house.call("GET", "/videos?q=2026-11-1&page_size=200")["items"]
        ids = {one["name"][:-4]: one["id"] for one in items if one["state"] == "ready"}
        return {name: ids[name] for name in (EARLY, LATE)} if {EARLY, LATE} <= ids.keys() else {}

    ids = eventually(found, 60)
    # It is found out after the video is known.
    evening = eventually(lambda: house.call("GET", f"/videos/{ids[EARLY]}")["evening_id"], 60)
    house.call("PATCH", f"/evenings/{evening}", {"title": TITLE})
    return ids


def test_an_evening_over_midnight_is_one(visits: Visits, parts: Mapping[str, str]) -> None:
    page = visits.open("viewer", view="evenings")
    evening = page.get_by_role("region", name=f"{TITLE} · Saturday, 14 November")
    expect(evening.get_by_role("button", name=TITLE)).to_have_count(2)
    evening.get_by_role("button", name="23:59").click()
    line = page.get_by_role("navigation", name="Parts of this evening")
    expect(line.get_by_role("link")).to_have_count(2)
    expect(line.get_by_text("23:59:50–00:00:00: nothing was recorded")).to_be_visible()
    line.get_by_role("link", name="00:00:00–00:00:10").click()
    expect(page).to_have_url(re.compile(parts[LATE]))
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()


def test_a_time_in_another_part_is_found(visits: Visits, parts: Mapping[str, str]) -> None:
    page = visits.open("operator", view=f"evenings/2026-11-14/{parts[LATE]}")
    start = page.get_by_label("Start", exact=True)
    start.fill("23:59:45")
    start.press("Tab")
    expect(page).to_have_url(re.compile(parts[EARLY]))
    expect(page.get_by_label("Start", exact=True)).to_have_value("23:59:45.000")
    expect(page.get_by_label("The clock at this picture")).to_have_text("23:59:45.00")
    start = page.get_by_label("Start", exact=True)
    start.fill("22:00")
    start.press("Tab")
    expect(page.get_by_text("“22:00” is no time of this video")).to_be_visible()


def test_a_clip_over_the_gap_of_an_evening(
    visits: Visits, parts: Mapping[str, str], tmp_path: Path
) -> None:
    view = f"evenings/2026-11-14/{parts[EARLY]}"
    page = visits.open("operator", view=view, accept_downloads=True)
    page.get_by_label("Start", exact=True).fill("23:59:45")
    page.get_by_label("End", exact=True).fill("00:00:05")
    page.get_by_label("End", exact=True).press("Tab")
    expect(page.get_by_text("The clip lasts 0:10")).to_be_visible()
    expect(page.get_by_text("Not recorded, so not in the clip: 23:59:50–00:00:00")).to_be_visible()
    page.get_by_role("button", name="Make the clip").click()
    expect(page.get_by_role("heading", name=TITLE).nth(1)).to_be_visible()
    half = SECONDS * FPS // 2
    assert watch(downloaded(page, tmp_path)).numbers == [*range(half, 2 * half), *range(half)]
