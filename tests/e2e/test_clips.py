"""The performer's way: an evening is recorded, a part of it cut by the clock, and downloaded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leitstand.cut.verify import verify
from leitstand.demo.obs import DemoObs
from tests.leitstand.cut.test_chapters import chapters
from tests.running import eventually
from tests.venue import ZONE, Venue, venue


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Venue]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with (
        DemoObs(recordings, fps=15, size=(320, 180), cluster_seconds=0.5) as demo,
        venue(tmp_path, demo.port, recordings) as made,
    ):
        made.start()
        made.becomes(connected=True)
        yield made


def done(house: Venue, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it is over."""

    def over() -> dict[str, Any]:
        now = dict(house.call("GET", f"/jobs/{job['id']}"))
        return now if now["state"] not in ("queued", "running") else {}

    return eventually(over, 60)


def recorded(house: Venue, seconds: float) -> dict[str, Any]:
    """The video of a recording of so long."""
    house.call("POST", "/recordings/start", {"title": "Evening"})
    time.sleep(seconds)
    recording = house.call("POST", "/recordings/stop", {})

    def arrived() -> dict[str, Any]:
        items = house.call("GET", "/videos")["items"]
        there = [v for v in items if v["name"] == recording["file"] and v["state"] == "ready"]
        return dict(there[0]) if there else {}

    return eventually(arrived, 30)


def test_an_evening_becomes_a_clip_by_the_clock(house: Venue, tmp_path: Path) -> None:
    video = recorded(house, 9)
    assert (video["title"], video["studio"]) == ("Evening", "stage")
    assert video["start_estimated"] is False
    begin = datetime.fromisoformat(video["start"])
    start, end = begin + timedelta(seconds=3.23), begin + timedelta(seconds=6.43)
    order = {
        "studio": "stage",
        "start": start.astimezone(ZONE).strftime("%H:%M:%S.%f"),
        "end": end.isoformat(),
        "title": "Anna",
    }
    job = done(house, house.call("POST", "/clips", order))
    assert job["state"] == "succeeded", job
    assert job["progress"] == 1
    # It lies within one group of pictures: nothing can be copied, and it says so.
    assert (job["result"]["mode_used"], job["result"]["verified"]) == ("reencode", True)
    assert "key frame" in job["result"]["reason"]
    clip = house.call("GET", f"/clips/{job['result']['clip_id']}")
    assert clip["title"] == "Anna"
    assert abs(clip["duration"] - 3.2) < 0.1

    path = job["result"]["download_url"].removeprefix("/api")
    answer = house.ask("GET", path)
    file = tmp_path / "clip.mp4"
    file.write_bytes(answer.content)
    source = tmp_path / "recordings" / video["name"]
    assert verify(source, file, 3.23, 6.43).faults == ()
    assert "Anna" in answer.headers["Content-Disposition"]

    joined = {
        "video_id": video["id"],
        "ranges": [{"start": 1, "end": 3}, {"start": order["start"], "end": order["end"]}],
        "mode": "reencode",
        "container": "mkv",
        "fade_in": 0.5,
    }
    job = done(house, house.call("POST", "/clips", joined))
    assert job["state"] == "succeeded", job
    assert job["result"]["verified"] is True
    file = tmp_path / "joined.mkv"
    file.write_bytes(house.ask("GET", job["result"]["download_url"].removeprefix("/api")).content)
    clock = start.astimezone(ZONE).strftime("%H:%M:%S")
    found = chapters(file)
    assert [(at, until) for at, until, _ in found] == [(0, 2), (2, pytest.approx(5.2, abs=0.01))]
    assert found[1][2] == clock
    assert house.ask("DELETE", f"/clips/{job['result']['clip_id']}").ok

    link = house.call("POST", f"/clips/{clip['id']}/links", {"expires_in": "1h"})
    by_link = requests.get(house.url + link["url"], headers={"Range": "bytes=0-99"}, timeout=10)
    assert (by_link.status_code, by_link.content) == (206, answer.content[:100])
    forged = link["url"][:-1] + ("1" if link["url"].endswith("0") else "0")
    assert requests.get(house.url + forged, timeout=10).status_code == 404
    house.call("DELETE", f"/clips/{clip['id']}/links/{link['id']}")
    assert requests.get(house.url + link["url"], timeout=10).status_code == 404

    short = {"filename": video["name"], "start_time": start.astimezone(ZONE).strftime("%H:%M:%S")}
    late = {**short, "end_time": "03:00:00"}
    assert house.ask("POST", "/videos/export", late).status_code == 422
    good = {**short, "end_time": 6}
    job = house.ask("POST", "/videos/export", good)
    assert job.status_code == 202, job.text
    assert done(house, job.json()["data"])["state"] == "succeeded"
    assert len(house.call("GET", "/clips")) == 2
    assert house.ask("DELETE", f"/clips/{clip['id']}").ok
    assert house.ask("GET", path).status_code == 404
