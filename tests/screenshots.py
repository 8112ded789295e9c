"""Writes docs/screenshots anew: `python -m tests.screenshots`. Needs Chromium."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from leitstand.demo.mediamtx import DemoMediaMTX
from leitstand.demo.obs import DemoObs
from tests.conftest import program
from tests.e2e.page.house import House
from tests.running import eventually
from tests.venue import ZONE

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
_RECORDED_SECONDS = 25


@dataclass(frozen=True)
class Shot:
    name: str
    view: str
    ready: str
    """What is to be seen first."""
    size: dict[str, int]
    scheme: str = "light"
    prepare: Callable[[Page], object] = lambda page: None


def _mark(page: Page) -> None:
    clock = page.get_by_label("The clock at this picture").inner_text()
    at = datetime.strptime(clock.partition(".")[0], "%H:%M:%S")
    for label, seconds in (("Start", 6), ("End", 18)):
        entry = page.get_by_label(label, exact=True)
        entry.fill((at + timedelta(seconds=seconds)).strftime("%H:%M:%S"))
        entry.press("Tab")
    page.get_by_label("Title").fill("Anna sings")
    page.wait_for_timeout(1_500)


def _clip(page: Page) -> None:
    _mark(page)
    page.get_by_role("button", name="Make the clip").click()
    page.get_by_role("button", name="Share").click(timeout=60_000)
    page.get_by_role("img", name="QR code of the link").scroll_into_view_if_needed()
    page.wait_for_timeout(500)


def _next_week(page: Page) -> None:
    """All of it is still to come, whatever day it is."""
    page.get_by_role("button", name="The week after").click()
    page.locator(".bar-window").first.wait_for()


SHOTS = (
    Shot("room", "room", ".level", DESK),
    Shot("room-phone", "room", ".level", PHONE, "dark"),
    Shot("streams", "streams", ".sparkline path[d*=L]", DESK),
    Shot("evenings", "evenings", ".card img", DESK),
    Shot("clip", "evenings/{day}/{video}", "video", DESK, "light", _mark),
    Shot("clip-phone", "evenings/{day}/{video}", "video", PHONE, "light", _clip),
    Shot("schedule", "schedule", ".week", DESK, "light", _next_week),
    Shot("admin", "admin/studios", "article", DESK, "dark"),
)


@contextlib.contextmanager
def _house(folder: Path) -> Iterator[House]:
    """The newcomer's world, with a recording and a few schedules."""
    (folder / "recordings").mkdir()
    with (
        DemoMediaMTX() as mediamtx,
        DemoObs(folder / "recordings", size=(960, 540), cluster_seconds=1) as obs,
    ):
        house = House(folder, mediamtx, obs)
        try:
            house.start_exporter()
            house.start()
            house.becomes(within=60, connected=True)
            _furnish(house)
            yield house
        finally:
            house.end()


def _furnish(house: House) -> None:
    for title, days, start, end in (
        ("Theatre", ["fri", "sat"], "19:30", "22:15"),
        ("Service", ["sun"], "09:50", "11:20"),
        ("Lecture", ["tue", "thu"], "14:00", "15:30"),
        ("Choir", ["wed"], "18:00", "20:00"),
    ):
        body = {"title": title, "weekdays": days, "start": start, "end": end}
        house.call("POST", "/schedules", body)
    house.call("POST", "/recordings/start", {"title": "Theatre"})
    time.sleep(_RECORDED_SECONDS)
    house.call("POST", "/recordings/stop", {})
    eventually(lambda: _videos(house), 60)
    house.call("POST", "/recordings/start", {"title": "Encore"})


def _videos(house: House) -> list[dict[str, str]]:
    items = house.call("GET", "/videos")["items"]
    return [each for each in items if each["state"] == "ready"]


def _take(browser: Browser, house: House, shot: Shot) -> None:
    (video,) = _videos(house)
    day = datetime.fromisoformat(video["start"]).date().isoformat()
    context = browser.new_context(
        viewport=shot.size,  # type: ignore[arg-type]
        color_scheme=shot.scheme,  # type: ignore[arg-type]
        locale="en-GB",
        timezone_id=ZONE.key,
        reduced_motion="reduce",
    )
    cookie = {"name": "leitstand", "value": house.cookie("admin"), "url": house.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{house.url}/#/{shot.view.format(day=day, video=video['id'])}")
    page.locator(shot.ready).first.wait_for(state="attached")
    page.wait_for_timeout(3_000)
    shot.prepare(page)
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        _house(Path(folder)) as house,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in SHOTS:
            _take(browser, house, shot)
            sys.stdout.write(f"{FOLDER / shot.name}.png\n")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
