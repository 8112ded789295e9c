"""Clips out of the files of a real OBS while it records, judged by the finished recording."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from leitstand.clients.obs import Address, ObsLink
from leitstand.cut import Part, Request, cut
from leitstand.demo.obs import DemoObs, read_stamp
from leitstand.demo.obs.mediafile import Disk
from leitstand.media.formats import demuxer_of
from leitstand.media.growth import NotYet, growth
from leitstand.media.window import read_only
from tests.leitstand.cut.media import Recipe, record
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import watched
from tests.obs import PROMPT, RealObs
from tests.obs_home import Scene, Source
from tests.running import eventually
from tests.soak import is_soak
from tests.venue import Venue, venue

Start = Callable[..., RealObs]

FPS = 15
HANG = 180.0
MUXERS = {
    "mkv": PROMPT,
    "ts": "",
    "flv": "",
    "mp4": "movflags=frag_keyframe+empty_moov+default_base_moof",
}
CLIPS = 11 if is_soak() else 1
LONGEST = 4.0


@dataclass(frozen=True)
class Clip:
    path: Path
    start: float
    end: float


@pytest.fixture(scope="session")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of numbered frames for OBS to show."""
    recipe = Recipe(
        options={"preset": "ultrafast", "qp": "10", "g": "15"},
        rate=Fraction(FPS),
        seconds=60,
        size=(320, 240),
    )
    return record(tmp_path_factory.mktemp("numbers") / "numbers.mkv", recipe)


def recorded(link: ObsLink, obs: RealObs, read: Callable[[Path], None]) -> tuple[Path, int]:
    """A recording during which `read` is called; the file and how many frames OBS skipped."""
    before = link.request("GetStats")["outputSkippedFrames"]
    known = set(obs.recordings.iterdir())
    link.request("StartRecord")
    path = eventually(lambda: next(iter({*obs.recordings.iterdir()} - known), None), HANG)
    read(path)
    skipped = link.request("GetStats")["outputSkippedFrames"]
    link.request("StopRecord")
    eventually(lambda: not link.request("GetRecordStatus")["outputActive"], HANG)
    return path, skipped - before


def clips_of(path: Path, folder: Path) -> Iterator[Clip]:
    """Cuts clips one after the other, each as soon as there is more to cut from."""
    choice, newest = random.Random(path.suffix), LONGEST
    for number in range(CLIPS):
        with read_only(path) as file:
            size, newest = eventually(lambda since=newest: _grown(file, path, since), HANG)
            end = newest if number % 2 == 0 else newest - choice.uniform(0, 1)
            start = end - choice.uniform(0.5, LONGEST)
        clip = Clip(folder / f"{path.suffix[1:]}-{number}.mp4", start, end)
        cut(Request([Part(path, start, end, size=size)], clip.path))
        yield clip


def _grown(file: object, path: Path, since: float) -> tuple[int, float] | None:
    try:
        found = growth(file, demuxer_of(path.name))  # type: ignore[arg-type]
    except NotYet:
        return None
    return (found.size, found.newest) if found.newest > since else None


def test_the_last_seconds_over_http(real_obs: Start, tmp_path: Path) -> None:
    """With the services as processes: the recording is in its evening, and a clip is made of it."""
    obs = real_obs(fps=FPS, muxer=PROMPT)
    with venue(tmp_path, obs.port, obs.recordings) as house:
        house.start()
        house.call("POST", "/recordings/start", {"title": "Premiere"})
        recording = house.becomes(HANG, verified=True)
        (evening,) = eventually(lambda: house.call("GET", "/evenings")["items"], HANG)
        assert (evening["running"], evening["title"]) == (True, "Premiere")
        path = obs.recordings / recording["file"]
        eventually(lambda: _newest(house, evening["id"]) > LONGEST, HANG)
        job = house.call("POST", "/clips", {"studio": "stage", "last": 3})
        assert job["details"]["gaps"] == []
        done = eventually(lambda: _over(house.call("GET", f"/jobs/{job['id']}")), HANG)
        assert (done["state"], done["result"]["verified"]) == ("succeeded", True), done
        assert done["result"]["duration"] == pytest.approx(3, abs=0.1)
        assert house.status["recording"]
        house.call("POST", "/recordings/stop", {})
        house.becomes(HANG, recording=False)
        (after,) = house.call("GET", "/evenings")["items"]
        assert after["id"] == evening["id"]
    clip = next((tmp_path / "state" / "clips").glob("*.mp4"))
    assert len(watched(clip).times) == 3 * FPS
    assert path.exists()


def _newest(house: Venue, id: str) -> float:
    """How many seconds of an evening can be read."""
    shown = house.call("GET", f"/evenings/{id}")
    moments = [datetime.fromisoformat(shown[name]) for name in ("start", "end")]
    return (moments[1] - moments[0]).total_seconds()


def _over(job: dict[str, Any]) -> dict[str, Any] | None:
    return job if job["state"] not in ("queued", "running") else None


@pytest.mark.parametrize("kind", ["mkv", "ts", "flv"] if is_soak() else ["mkv"])
def test_the_recorded_file_is_as_if_nobody_had_read_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's OBS, of which every byte that it writes is noted."""
    written: list[tuple[int, bytes]] = []
    write_out = Disk._write_out

    def noted(disk: Disk) -> None:
        if disk._file is not None and disk._waiting:
            written.append((disk._file.tell(), bytes(disk._waiting)))
        write_out(disk)

    monkeypatch.setattr(Disk, "_write_out", noted)
    folder = tmp_path / "recordings"
    folder.mkdir()
    with DemoObs(folder, fps=FPS, size=(320, 240), cluster_seconds=0.5) as demo:
        name = {"parameterCategory": "SimpleOutput", "parameterName": "RecFormat"}
        demo.do("SetProfileParameter", **name, parameterValue=kind)
        demo.do("StartRecord")
        path = eventually(lambda: demo.recording, HANG)
        eventually(path.exists, HANG)
        clips = list(clips_of(path, tmp_path))
        demo.do("StopRecord")
        eventually(lambda: not demo.do("GetRecordStatus")["outputActive"], HANG)
    unread = tmp_path / "unread"
    with unread.open("wb") as file:
        for at, data in written:
            file.seek(at)
            file.write(data)
    assert path.read_bytes() == unread.read_bytes()
    recording = watched(path, lambda gray: read_stamp(gray).frame)
    numbers = recording.seen.numbers
    assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    for clip in clips:
        proves(recording, clip.path, clip.start, clip.end)


@pytest.mark.skipif(not is_soak(), reason="two recordings; in the soak")
def test_obs_skips_no_more_frames_than_without_readers(real_obs: Start, tmp_path: Path) -> None:
    obs = real_obs(fps=FPS, muxer=PROMPT)
    with closing(ObsLink(Address("127.0.0.1", obs.port, lambda: None))) as link:
        began = time.monotonic()
        _, skipped = recorded(link, obs, lambda path: deque(clips_of(path, tmp_path), 0))
        lasted = time.monotonic() - began
        _, without = recorded(link, obs, lambda _: time.sleep(lasted))
    assert skipped <= without


@pytest.mark.parametrize("kind", MUXERS if is_soak() else ["mkv"])
def test_clips_while_it_records(kind: str, real_obs: Start, numbers: Path, tmp_path: Path) -> None:
    shown = Source("Numbers", "ffmpeg_source", {"local_file": str(numbers), "looping": True})
    obs = real_obs(
        fps=FPS, record_format=kind, muxer=MUXERS[kind], scenes=(Scene("Numbers", (shown,)),)
    )
    clips: list[Clip] = []
    with closing(ObsLink(Address("127.0.0.1", obs.port, lambda: None))) as link:
        path, _ = recorded(link, obs, lambda path: clips.extend(clips_of(path, tmp_path)))
    recording = watched(path)
    assert len(clips) == CLIPS
    for clip in clips:
        proves(recording, clip.path, clip.start, clip.end)
    steps = {
        round((after - before) * FPS)
        for before, after in zip(recording.times, recording.times[1:], strict=False)
    }
    assert steps == {1}, "no frame is missing in the recording"
