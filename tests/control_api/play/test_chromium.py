"""A real browser plays what it is given, and shows the right picture after a seek."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from playwright.sync_api import Page

from control_api.bootstrap import ControlApi
from leitstand.config import Config
from tests.browser import browser, page
from tests.control_api.play.conftest import PLAIN
from tests.leitstand.cut.media import Recipe, number_of, record
from tests.running import eventually

__all__ = ["browser", "page"]
TOKEN = "an-admin-of-tests"
LENGTH = 20
SEEKS = (0.02, 13.3, 7.02, 18.98, 1.5)
SCRIPT = """
async ([url, seeks]) => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const happens = (name) => new Promise((good, bad) => {
    video.addEventListener(name, good, {once: true});
    video.addEventListener("error", () => bad(video.error.message), {once: true});
  });
  let there = happens("loadeddata");
  video.src = url;
  await there;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const pen = canvas.getContext("2d");
  const shown = [];
  for (const at of seeks) {
    there = happens("seeked");
    video.currentTime = at;
    await there;
    pen.drawImage(video, 0, 0);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    shown.push(Array.from(pixels.filter((_, place) => place % 4 === 1)));
  }
  there = happens("timeupdate");
  await video.play();
  await there;
  const start = video.currentTime;
  while (video.currentTime < start + 0.4) await happens("timeupdate");
  const sound = video.webkitAudioDecodedByteCount;
  return {shown, sound, width: canvas.width, duration: video.duration};
}
"""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ControlApi]:
    (tmp_path / "videos").mkdir()
    control_api = {
        "state": str(tmp_path / "state"),
        "library": str(tmp_path / "videos"),
        "listen": "127.0.0.1:0",
        "admin_token": TOKEN,
    }
    api = ControlApi(Config.model_validate({"control_api": control_api}))
    api.start()
    yield api
    api.stop()


def video_of(api: ControlApi, name: str) -> str:
    """Its id, when the library has it."""
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def there() -> str:
        requests.post(f"{api.url}/api/videos/scan", headers=headers, timeout=10)
        listed = requests.get(f"{api.url}/api/videos", headers=headers, timeout=10).json()
        items = listed["data"]["items"]
        return next((v["id"] for v in items if v["name"] == name and v["state"] == "ready"), "")

    return eventually(there, 30)


def watched(api: ControlApi, page: Page, id: str) -> dict[str, Any]:
    """As a page of the service's own does it, signed in by its cookie."""
    page.route(
        f"{api.url}/page", lambda route: route.fulfill(body="<body>", content_type="text/html")
    )
    page.goto(f"{api.url}/page")
    signed_in = page.request.post(
        f"{api.url}/api/auth/login", data={"token": TOKEN}, headers={"Origin": api.url}
    )
    assert signed_in.ok, signed_in.text()
    return dict(page.evaluate(SCRIPT, [f"/api/videos/{id}/play", list(SEEKS)]))


@pytest.mark.parametrize("name", ["obs.mkv", "hybrid.mp4", "late.mkv"])
def test_it_plays_and_seeks_to_the_frame(
    api: ControlApi, page: Page, tmp_path: Path, name: str
) -> None:
    recipe: Recipe = replace(PLAIN, seconds=LENGTH, offset=4.0 * name.startswith("late"))
    record(tmp_path / "videos" / name, recipe)
    seen = watched(api, page, video_of(api, name))
    assert seen["duration"] == pytest.approx(LENGTH, abs=0.1)
    assert seen["sound"] > 0
    pictures = [np.array(one, np.uint8).reshape(-1, seen["width"]) for one in seen["shown"]]
    assert [number_of(one) for one in pictures] == [int(at * 25 + 1e-6) for at in SEEKS]
