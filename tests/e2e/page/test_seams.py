"""An evening in three files over midnight: played as one, split, joined and renamed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.control_api.play.conftest import ffmpeg
from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import FPS, House
from tests.e2e.page.test_accessible import violations
from tests.e2e.page.test_performer import downloaded
from tests.leitstand.cut.media import Recipe, record, watch
from tests.running import eventually

NAMES = ("2026-11-12 23-59-52", "2026-11-12 23-59-56", "2026-11-13 00-00-00")
LENGTH, PART = 12, 4
SEAMS = (PART * FPS, 2 * PART * FPS)
HOLD_SECONDS = 0.1
NEAR = 3
TRIES = 8
DAY = "2026-11-12"
_PLAY = """
(video) => new Promise((done, bad) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, 24];
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const wide = Math.floor(video.videoWidth / 16);
  const seen = [];
  const number = () => {
    pen.drawImage(video, 0, 0);
    let found = 0;
    for (let bit = 0; bit < 16; bit += 1) {
      const {data} = pen.getImageData(bit * wide + 2, 4, wide - 4, 16);
      let sum = 0;
      for (let at = 1; at < data.length; at += 4) sum += data[at];
      if (sum / (data.length / 4) > 125) found += 1 << bit;
    }
    return found;
  };
  const look = (now, {mediaTime, expectedDisplayTime}) => {
    seen.push({number: number(), time: mediaTime, at: expectedDisplayTime / 1000});
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  video.addEventListener("ended", () => setTimeout(() => done(seen), 100), {once: true});
  video.addEventListener("error", () => bad(video.error.message), {once: true});
  video.muted = true;
  video.play().catch(bad);
})
"""


def is_smooth(seen: list[dict[str, Any]], seam: int) -> bool:
    """Whether all frames around a seam were shown, none of them for too long."""
    near = [one for one in seen if abs(one["number"] - seam) <= NEAR]
    holds = [after["at"] - one["at"] for one, after in zip(near, near[1:], strict=False)]
    return len(near) == 2 * NEAR + 1 and max(holds) <= HOLD_SECONDS


@pytest.fixture(scope="module")
def parts(house: House, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """One recording of 12 s that was split every 4 s, at midnight too; ids by name."""
    folder = tmp_path_factory.mktemp("split")
    whole = record(folder / "whole.mkv", Recipe(seconds=LENGTH, options={"g": "50", "bf": "2"}))
    options = ["-f", "segment", "-segment_time", str(PART), "-reset_timestamps", "1"]
    ffmpeg("-i", whole, "-map", "0", "-c", "copy", *options, folder / "%d.mkv")
    for number, name in enumerate(NAMES):
        file = folder / f"{number}.mkv"
        os.utime(file, (time.time() - 3600,) * 2)
        file.rename(house.folder / "recordings" / f"{name}.mkv")
    house.call("POST", "/videos/scan")

    def found() -> dict[str, str]:
        items = house.call("GET", "/videos?q=2026-11-1&page_size=200")["items"]
        ids = {
            one["name"][:-4]: one["id"]
            for one in items
            if one["state"] == "ready" and one["evening_id"]
        }
        return {name: ids[name] for name in NAMES} if ids.keys() >= set(NAMES) else {}

    return eventually(found, 60)


def evenings(house: House, parts: Mapping[str, str]) -> list[str]:
    """The id of the evening of each part."""
    return [house.call("GET", f"/videos/{id}")["evening_id"] for id in parts.values()]


def arranged(page: Page) -> Locator:
    page.get_by_role("button", name="Edit the evening").click()
    dialog = page.get_by_role("dialog", name="Edit the evening")
    expect(dialog).to_be_visible()
    return dialog


def test_play_goes_over_the_seams(visits: Visits, parts: Mapping[str, str], house: House) -> None:
    page = visits.open("viewer", view=f"evenings/{DAY}/{parts[NAMES[0]]}")
    line = page.get_by_role("navigation", name="Parts of this evening")
    expect(line.get_by_role("link")).to_have_count(3)
    screen = page.locator("video")
    eventually(lambda: screen.evaluate("(video) => video.readyState >= 2"), 30)
    assert screen.evaluate("(video) => video.duration") == pytest.approx(LENGTH, abs=0.05)
    shown, smooth = set[int](), set[int]()
    for _ in range(TRIES):
        seen = screen.evaluate(_PLAY)
        numbers, places = (
            [one["number"] for one in seen],
            [round(one["time"] * FPS) for one in seen],
        )
        assert places == sorted(set(places))
        # On a busy machine a later frame may be there already when one is drawn.
        assert numbers == sorted(numbers)
        assert all(number >= place for number, place in zip(numbers, places, strict=True))
        exact = [one for one, place in zip(seen, places, strict=True) if one["number"] == place]
        shown |= {one["number"] for one in exact}
        smooth |= {seam for seam in SEAMS if is_smooth(exact, seam)}
        if shown >= set(range(1, LENGTH * FPS)) and smooth == set(SEAMS):
            break
    assert shown >= set(range(1, LENGTH * FPS))
    assert smooth == set(SEAMS)
    expect(page.get_by_label("The clock at this picture")).to_have_text(
        re.compile(r"00:00:0[34]\.")
    )
    expect(page).to_have_url(re.compile(parts[NAMES[2]]))
    expect(line.get_by_role("link").nth(2)).to_have_attribute("aria-current", "true")
    line.get_by_role("link").nth(1).click()
    expect(page.get_by_label("The clock at this picture")).to_have_text(
        re.compile(r"23:59:5[67]\.")
    )
    assert violations(page) == []


def test_a_clip_over_the_seams(visits: Visits, parts: Mapping[str, str], tmp_path: Path) -> None:
    view = f"evenings/{DAY}/{parts[NAMES[1]]}"
    page = visits.open("operator", "phone", view=view, accept_downloads=True)
    page.get_by_label("Start", exact=True).fill("23:59:54")
    page.get_by_label("End", exact=True).fill("00:00:02")
    page.get_by_label("End", exact=True).press("Tab")
    expect(page.get_by_text(re.compile("The clip lasts 0:0[78]"))).to_be_visible()
    page.get_by_role("button", name="Make the clip").click()
    expect(page.get_by_text("checked against the recording")).to_be_visible()
    numbers = watch(downloaded(page, tmp_path)).numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    # The files' names tell whole seconds, and each begins with some audio.
    assert [numbers[0], numbers[-1]] == pytest.approx([2 * FPS, 10 * FPS - 1], abs=5)


def test_an_operator_splits_joins_and_renames(
    visits: Visits, house: House, parts: Mapping[str, str]
) -> None:
    # A page that is still open may look for an evening that the test has just joined.
    visits.allow("404")
    first = evenings(house, parts)[0]
    assert evenings(house, parts) == [first] * 3
    page = visits.open("operator", view=f"evenings/{DAY}/{parts[NAMES[0]]}")
    dialog = arranged(page)
    assert violations(page) == []
    dialog.get_by_label("Split before the part").select_option(parts[NAMES[2]])
    dialog.get_by_role("button", name="Split here").click()
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: evenings(house, parts) == [first] * 3, 20)

    body = {"video_id": parts[NAMES[2]]}
    second = house.call("POST", f"/evenings/{first}/split", body)["id"]
    page = visits.open("operator", view=f"evenings/{DAY}/{parts[NAMES[2]]}")
    dialog = arranged(page)
    dialog.get_by_label("Join with another evening").select_option(first)
    dialog.get_by_role("button", name="Join").click()
    page.get_by_role("dialog", name="Join", exact=True).get_by_role("button", name="Join").click()
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: evenings(house, parts) == [first, first, second], 20)
    deeds = str(house.call("GET", "/audit?limit=50"))
    assert "/evenings/{id}/join" in deeds
    assert "/evenings/{id}/split" in deeds

    house.call("POST", f"/evenings/{first}/join", {"evening": second})
    page = visits.open("operator", view=f"evenings/{DAY}/{parts[NAMES[2]]}")
    dialog = arranged(page)
    dialog.get_by_label("Title").fill("The long night")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="The long night")).to_be_visible()


def test_a_viewer_does_not_arrange_evenings(visits: Visits, parts: Mapping[str, str]) -> None:
    page = visits.open("viewer", view=f"evenings/{DAY}/{parts[NAMES[0]]}")
    expect(page.get_by_role("navigation", name="Parts of this evening")).to_be_visible()
    expect(page.get_by_role("button", name="Edit the evening")).to_have_count(0)
