"""Chromium shows the right pictures of a clip: at both ends, at the seams, and over them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from leitstand.cut import Mode, Part, Request, cut
from tests.browser import browser, page
from tests.leitstand.cut.packets import tracks
from tests.leitstand.cut.recordings import Library, Recording

_CLIPS = [
    ("b-frames.mkv", "copied"),
    ("open-pyramid.mkv", "copied"),
    ("open-cavlc.mkv", "copied"),
    ("open-interlaced.ts", "copied"),
    ("baseline.mp4", "copied"),
    ("vp9.webm", "copied"),
    ("vp9-hidden.webm", "copied"),
    ("vp9.mp4", "copied"),
    ("av1.mp4", "copied"),
    ("av1.mkv", "copied"),
    ("av1-low-delay.webm", "copied"),
]
__all__ = ["browser", "page"]

_LATE = 4
_PAGE = b"<!doctype html><video muted></video><canvas></canvas>"
_READ = """
function number(video) {
    const canvas = document.querySelector("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(video, 0, 0);
    const bar = Math.floor(canvas.width / 16);
    let found = 0;
    for (let bit = 0; bit < 16; bit++) {
        const [red, green, blue] = context.getImageData(bit * bar + bar / 2, 12, 1, 1).data;
        if (red + green + blue > 3 * 125) found |= 1 << bit;
    }
    return found;
}
async function opened(clip) {
    const video = document.querySelector("video");
    await new Promise((resolve, reject) => {
        video.onloadeddata = resolve;
        video.onerror = () => reject(new Error(video.error.message));
        video.src = clip;
    });
    return video;
}
"""
_AT = (
    """async ([clip, times]) => {"""
    + _READ
    + """
    const video = await opened(clip), found = [];
    for (const time of times) {
        await new Promise((resolve) => {
            video.requestVideoFrameCallback(resolve);
            video.currentTime = time;
        });
        found.push(number(video));
    }
    return found;
}"""
)
_PLAYED = (
    """async ([clip]) => {"""
    + _READ
    + """
    const video = await opened(clip), found = [];
    const look = (now, data) => {
        found.push([data.mediaTime, number(video)]);
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    await new Promise((resolve, reject) => {
        video.onended = resolve;
        video.onerror = () => reject(new Error(video.error.message));
        video.playbackRate = 0.7;
        video.play();
    });
    return [found, video.getVideoPlaybackQuality().corruptedVideoFrames];
}"""
)


class _Files(BaseHTTPRequestHandler):
    """Gives clips out in the ranges that a player asks for."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, *rest: Any) -> None:
        self._folder = folder
        super().__init__(*rest)

    def do_GET(self) -> None:
        name = self.path.strip("/")
        data = (self._folder / name).read_bytes() if name else _PAGE
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        stop = int(asked[2]) + 1 if asked and asked[2] else len(data)
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(min(stop, len(data)) - start))
        self.send_header("Content-Range", f"bytes {start}-{min(stop, len(data)) - 1}/{len(data)}")
        kind = f"video/{name.rpartition('.')[2]}" if name else "text/html"
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(data[start:stop])

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    """The address of a server that gives out the files of `folder`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, folder))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def _clip(recording: Recording, how: str, clip: Path) -> tuple[list[int], list[float]]:
    """A clip over one seam at least, its numbers and their times."""
    times, keys = recording.times, recording.keys
    key = min(range(len(times)), key=lambda n: abs(times[n] - keys[len(keys) // 2]))
    first, stop = key - 17, min(key + 40, len(times) - 1)
    if how == "from its key frame":
        first, stop = key, len(times)
    end = [*times, recording.end][stop]
    result = cut(Request([Part(recording.path, round(times[first], 6), round(end, 6))], clip))
    assert (result.mode_used is Mode.EXACT) == (how != "encoded")
    return recording.seen.numbers[first:stop], [time - times[first] for time in times[first:stop]]


@pytest.mark.parametrize(("name", "how"), _CLIPS)
def test_chromium_shows_the_right_pictures(
    name: str, how: str, page: Page, site: str, folder: Path, recordings: Library
) -> None:
    container = "webm" if name.endswith("webm") else "mp4"
    clip = folder / f"{name}.{container}"
    numbers, times = _clip(recordings(name), how, clip)
    pictures, _ = tracks(clip)
    assert pictures is not None
    seams = [place for place, key in enumerate(pictures.keys) if key]
    near = {0, 1, len(numbers) // 2, len(numbers) - 2, len(numbers) - 1}
    near |= {place + by for place in seams for by in (-1, 0, 1)}
    wanted = sorted(place for place in near if 0 <= place < len(numbers))
    page.goto(site)
    seeks = [times[place] + 0.015 + min(pictures.pts) for place in wanted]
    assert page.evaluate(_AT, [clip.name, seeks]) == [numbers[place] for place in wanted]
    played, corrupted = page.evaluate(_PLAYED, [clip.name])
    zero = min(pictures.pts)
    for time, number in played:
        place = min(range(len(times)), key=lambda n: abs(times[n] + zero - time))
        # A page that is late draws the picture after the one it was told of.
        assert number in numbers[place : place + _LATE], time
    shown = [number for _, number in played]
    assert shown == sorted(shown)
    assert len(shown) > len(numbers) / 3
    assert corrupted == 0
