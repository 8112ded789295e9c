"""The performer: signs in, picks the evening, marks start and end by the clock, takes the clip."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import FPS, House
from tests.leitstand.cut.media import number_of, watch
from tests.running import eventually

_PICTURE = """
(video) => {
  if (!video.videoWidth) return [];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, 24).data;
  return Array.from(pixels.filter((_, at) => at % 4 === 1));
}
"""


def to_the_evening(page: Page) -> None:
    page.get_by_role("link", name="Evenings").click()
    page.get_by_role("button", name="20-31-00").click()
    expect(page.get_by_text("By the clock, such as")).to_be_visible()


def shown(page: Page) -> int:
    """The number of the picture on the screen; -1 before there is one."""
    pixels = page.locator("video").evaluate(_PICTURE)
    return number_of(np.array(pixels, np.uint8).reshape(24, -1)) if pixels else -1


def steady(page: Page, number: int) -> None:
    eventually(lambda: shown(page) == number, 10)


def downloaded(page: Page, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="⬇ Download").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_clip_by_the_clock(visits: Visits, house: House, size: str, tmp_path: Path) -> None:
    # Far away: the clock that counts is that of the house.
    page = visits.open(None, size, timezone_id="America/New_York", accept_downloads=True)
    page.get_by_label("Your token").fill(house.token("operator"))
    page.get_by_role("button", name="Sign in").click()
    to_the_evening(page)
    page.get_by_label("Start", exact=True).fill("20:31:10")
    page.get_by_label("End", exact=True).fill("20:31:20")
    page.get_by_label("Title").fill("Anna")
    expect(page.get_by_text("The clip lasts 0:10")).to_be_visible()
    page.get_by_role("button", name="Make the clip").click()
    expect(page.get_by_role("heading", name="The clip is being made")).to_be_visible()
    expect(page.get_by_role("heading", name="Anna")).to_be_visible()
    numbers = watch(downloaded(page, tmp_path)).numbers
    assert (numbers[0], numbers[-1]) == (10 * FPS, 20 * FPS - 1)

    page.get_by_role("button", name="Share").click()
    link = page.get_by_label("Link to the clip").input_value()
    assert urlsplit(link).netloc == urlsplit(house.url).netloc
    code = page.get_by_role("img", name="QR code of the link")
    expect(code).to_be_visible()
    picture = cv2.imdecode(np.frombuffer(code.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    # OpenCV's older detector misses one code in twenty of this size.
    assert cv2.QRCodeDetectorAruco().detectAndDecode(picture)[0] == link
    by_link = requests.get(link, timeout=20)
    assert by_link.ok
    (file,) = tmp_path.iterdir()
    assert by_link.content == file.read_bytes()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_clip_by_stepping_through_its_pictures(visits: Visits, size: str, tmp_path: Path) -> None:
    page = visits.open("operator", size, accept_downloads=True)
    to_the_evening(page)
    steady(page, 0)
    on, back = (page.get_by_role("button", name=f"One picture {way}") for way in ("on", "back"))
    page.get_by_label("Start", exact=True).fill("20:31:04")
    page.get_by_label("Start", exact=True).press("Tab")
    steady(page, 4 * FPS)
    expect(page.get_by_label("The clock at this picture")).to_have_text("20:31:04.00")
    for number in (1, 2, 3):
        on.click()
        steady(page, 4 * FPS + number)
    back.click()
    steady(page, 4 * FPS + 2)
    page.get_by_role("button", name="It starts at this picture").click()
    page.get_by_role("button", name="1 second on").click()
    steady(page, 5 * FPS + 2)
    on.click()
    steady(page, 5 * FPS + 3)
    page.get_by_role("button", name="It ends after this picture").click()
    page.get_by_role("button", name="Make the clip").click()
    expect(page.get_by_role("heading", name="Your clip is ready")).to_be_visible()
    numbers = watch(downloaded(page, tmp_path)).numbers
    assert numbers == list(range(4 * FPS + 2, 5 * FPS + 4))


def test_keys_do_the_same(visits: Visits) -> None:
    page = visits.open("operator")
    to_the_evening(page)
    steady(page, 0)
    page.locator("body").press("ArrowRight")
    steady(page, 1)
    page.locator("body").press("i")
    expect(page.get_by_label("Start", exact=True)).to_have_value("20:31:00.030")
    page.locator("body").press("ArrowRight")
    steady(page, 2)
    page.locator("body").press("o")
    expect(page.get_by_text("The clip lasts")).to_be_visible()


def test_what_is_no_time_or_backwards_is_told(visits: Visits) -> None:
    page = visits.open("operator")
    to_the_evening(page)
    start, end = (page.get_by_label(name, exact=True) for name in ("Start", "End"))
    start.fill("half past eight")
    start.press("Tab")
    expect(page.get_by_text("“half past eight” is no time of this video")).to_be_visible()
    start.fill("20:31:20")
    end.fill("20:31:10")
    end.press("Tab")
    expect(page.get_by_text("The end must be after the start")).to_be_visible()
    expect(page.get_by_role("button", name="Make the clip")).to_be_disabled()
