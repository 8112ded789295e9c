"""Evenings with a real OBS and the services as processes, judged by files and their frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leitstand.clients.obs import Address, ObsLink
from tests.control_api.recorder.watching import busy, frames
from tests.e2e.test_recorder_alone import locked
from tests.obs import PROMPT, RealObs
from tests.running import eventually
from tests.soak import is_soak
from tests.venue import Venue, venue

Start = Callable[..., RealObs]

FPS = 15
LATE = 10.0
HANG = 90.0
SPLIT = {"RecSplitFile": True, "RecSplitFileType": "Manual"}
BUSY_SECONDS = 60 if is_soak() else 15


@pytest.fixture
def link() -> Iterator[Callable[[RealObs], ObsLink]]:
    links: list[ObsLink] = []

    def connect(obs: RealObs) -> ObsLink:
        links.append(ObsLink(Address("127.0.0.1", obs.port, lambda: None)))
        return links[-1]

    yield connect
    for each in links:
        each.close()


def bad(house: Venue) -> list[str]:
    """The kinds of events that say that something was wrong."""
    wrong = ("failed", "stalled", "lost", "missed", "recovered")
    return [kind for kind in house.kinds() if kind.endswith(wrong)]


def recordings(house: Venue) -> list[dict[str, Any]]:
    """All that are over, oldest first, as soon as none is being examined."""
    found = eventually(lambda: _over(house.call("GET", "/recordings")), HANG)
    return sorted(found, key=lambda one: str(one["start"]))


def _over(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return found if all(one["state"] in ("finished", "damaged") for one in found) else []


def test_a_window_is_recorded_while_the_database_is_locked(real_obs: Start, tmp_path: Path) -> None:
    obs = real_obs(muxer=PROMPT)
    with venue(tmp_path, obs.port, obs.recordings) as house:
        house.start()
        house.becomes(HANG, connected=True)
        schedule = house.window(starts_in=5, seconds=20)
        with locked(tmp_path / "state" / "leitstand.db"):
            house.becomes(HANG, recording=True)
            house.becomes(HANG, recording=False)
        run = house.run(schedule, HANG)
        (recording,) = recordings(house)
    assert run["outcome"] == "recorded" or run["missing_seconds"] <= LATE
    (file,) = obs.recordings.glob("*.mkv")
    assert recording["state"] == "finished"
    assert frames(file) / FPS == pytest.approx(20, abs=LATE)


def test_a_split_is_followed_as_one_recording_of_one_evening(
    real_obs: Start, tmp_path: Path, link: Callable[[RealObs], ObsLink]
) -> None:
    obs = real_obs(advanced=SPLIT)
    with venue(tmp_path, obs.port, obs.recordings) as house:
        house.start()
        house.call("POST", "/recordings/start", {"title": "The evening"})
        seen = [house.becomes(HANG, verified=True)["file"]]
        for _ in range(2):
            link(obs).request("TriggerHotkeyByName", {"hotkeyName": "OBSBasic.SplitFile"})
            seen.append(eventually(lambda: _file(house, seen), HANG))
        time.sleep(3)
        asked = house.status["duration"]
        house.call("POST", "/recordings/stop", {})
        house.becomes(HANG, recording=False)
        parts = recordings(house)
        assert bad(house) == []
        kinds = house.kinds()
    assert (kinds.count("recording_started"), kinds.count("recording_stopped")) == (1, 1)
    assert [one["file"] for one in parts] == seen
    assert {(one["title"], one["evening"]) for one in parts} == {("The evening", parts[0]["id"])}
    files = sorted(obs.recordings.glob("*.mkv"))
    assert [file.name for file in files] == sorted(seen)
    # OBS goes on without a gap: no frame is missing between the files.
    assert sum(map(frames, files)) >= asked * FPS


def _file(house: Venue, seen: list[str]) -> str | None:
    file: str | None = house.status["file"]
    return file if file not in (None, *seen) else None


def test_a_healthy_recording_is_left_alone_on_a_busy_machine(
    real_obs: Start, tmp_path: Path
) -> None:
    obs = real_obs()
    with venue(tmp_path, obs.port, obs.recordings) as house:
        house.start()
        house.call("POST", "/recordings/start", {})
        house.becomes(HANG, verified=True)
        with busy(40):
            time.sleep(BUSY_SECONDS)
        house.becomes(HANG, verified=True)
        house.call("POST", "/recordings/stop", {})
        house.becomes(HANG, recording=False)
        (recording,) = recordings(house)
        assert not {"recording_stalled", "recording_failed"} & set(house.kinds())
    (file,) = obs.recordings.glob("*.mkv")
    assert recording["state"] == "finished"
    assert frames(file) >= recording["duration"] * FPS - FPS


def test_the_record_folder_may_be_moved_while_it_records(
    real_obs: Start, tmp_path: Path, link: Callable[[RealObs], ObsLink]
) -> None:
    obs = real_obs(muxer=PROMPT)
    with venue(tmp_path, obs.port, obs.recordings) as house:
        house.start()
        house.call("POST", "/recordings/start", {"title": "First"})
        first = house.becomes(HANG, verified=True)["file"]
        folder = obs.recordings / "friday"
        folder.mkdir()
        link(obs).request(
            "SetProfileParameter",
            {
                "parameterCategory": "SimpleOutput",
                "parameterName": "FilePath",
                "parameterValue": str(folder),
            },
        )
        time.sleep(4)
        assert house.status["file"] == first
        house.call("POST", "/recordings/stop", {})
        house.becomes(HANG, recording=False)
        house.call("POST", "/recordings/start", {"title": "Second"})
        second = house.becomes(HANG, verified=True)["file"]
        time.sleep(2)
        house.call("POST", "/recordings/stop", {})
        house.becomes(HANG, recording=False)
        found = recordings(house)
        assert bad(house) == []
        titles = eventually(lambda: _titles(house, 2), HANG)
    assert [one["state"] for one in found] == ["finished", "finished"]
    assert (folder / second).exists()
    assert titles == {first: "First", second: "Second"}


def _titles(house: Venue, count: int) -> dict[str, str]:
    items = house.call("GET", "/videos")["items"]
    ready = {item["name"]: item["title"] for item in items if item["state"] == "ready"}
    return ready if len(ready) == count else {}


def test_a_stop_of_what_has_stopped_is_no_fault(
    real_obs: Start, tmp_path: Path, link: Callable[[RealObs], ObsLink]
) -> None:
    obs = real_obs(muxer=PROMPT)
    with venue(tmp_path, obs.port, obs.recordings) as house:
        house.start()
        for title in ("first", "second"):
            house.call("POST", "/recordings/start", {"title": title})
            house.becomes(HANG, verified=True)
            link(obs).request("StopRecord")
            house.ask("POST", "/recordings/stop", {})
            house.becomes(HANG, recording=False, desired=False)
        assert house.becomes(HANG, faults=[])["fault"] is None
        assert bad(house) == []
        assert {one["state"] for one in recordings(house)} == {"finished"}


def test_two_recorders_that_share_only_the_obs_record_once(real_obs: Start, tmp_path: Path) -> None:
    obs = real_obs(muxer=PROMPT)
    other = tmp_path / "other"
    other.mkdir()
    with (
        venue(tmp_path, obs.port, obs.recordings) as first,
        venue(other, obs.port, obs.recordings) as second,
    ):
        first.start()
        first.becomes(HANG, connected=True)
        second.start()
        eventually(lambda: second.status["faults"], HANG)
        assert [fault["code"] for fault in second.status["faults"]] == ["other_leitstand"]
        mine, theirs = first.window(6, 15), second.window(6, 15)
        assert first.run(mine, HANG)["outcome"] == "recorded"
        run = second.run(theirs, HANG)
        assert (run["outcome"], run["gaps"][-1]["reason_code"]) == ("missed", "other_leitstand")
        assert len(recordings(first)) == 1
    assert len(list(obs.recordings.glob("*.mkv"))) == 1
