"""Start, pause, resume and stop, over HTTP and a demo OBS that records real files."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from leitstand.demo.obs import DemoObs
from leitstand.demo.obs.faults import Fault
from tests.running import eventually

Call = Callable[..., tuple[int, dict[str, Any]]]


def status(call: Call) -> dict[str, Any]:
    (one,) = call("GET", "/recordings/status")[1]["data"]
    return dict(one)


def length(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.duration or 0) / 1e6


def test_start_pause_resume_stop(call: Call, demo: DemoObs, tmp_path: Path) -> None:
    code, answer = call("POST", "/recordings/start", {"title": "Rehearsal"})
    assert (code, answer["data"]["recording"], answer["data"]["who"]) == (200, True, "admin")
    assert answer["data"]["title"] == "Rehearsal"
    eventually(lambda: status(call)["verified"])
    assert status(call)["file"] == demo.recording.name  # type: ignore[union-attr]

    assert call("POST", "/recordings/pause", {})[1]["data"]["paused"] is True
    assert call("POST", "/recordings/pause", {})[0] == 409
    assert call("POST", "/recordings/resume", {})[1]["data"]["paused"] is False
    code, answer = call("POST", "/recordings/stop", {})
    assert code == 200, answer
    number = answer["data"]["id"]
    recording = eventually(
        lambda: (
            found
            if (found := call("GET", f"/recordings/{number}")[1]["data"])["state"] == "finished"
            else {}
        )
    )
    file = tmp_path / "recordings" / recording["file"]
    assert abs(length(file) - recording["duration"]) < 0.2
    assert len(recording["anchors"]) == 2
    unchanged = {"id", "studio", "title", "who", "start", "file", "anchors", "evening"}
    assert {key: answer["data"][key] for key in unchanged} == {
        key: recording[key] for key in unchanged
    }
    assert status(call)["recording"] is False
    assert call("POST", "/recordings/stop", {})[0] == 409


def test_fifty_at_once_give_one_recording_and_clear_answers(call: Call, demo: DemoObs) -> None:
    def all_at_once(action: str) -> Counter[int]:
        path, answers = f"/recordings/{action}", list[tuple[int, dict[str, Any]]]()
        threads = [
            threading.Thread(target=lambda: answers.append(call("POST", path, {})))
            for _ in range(50)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for code, answer in answers:
            assert code == 200 or "admin" in answer["detail"] or "nothing" in answer["detail"]
        return Counter(code for code, _ in answers)

    assert all_at_once("start") == {200: 1, 409: 49}
    assert demo.requests["StartRecord"] == 1
    assert all_at_once("stop") == {200: 1, 409: 49}
    assert status(call)["recording"] is False


def test_what_somebody_started_in_obs_is_kept_and_may_be_stopped(
    call: Call, demo: DemoObs, control: Any
) -> None:
    control.studios.get("stage").request("StartRecord")
    eventually(lambda: status(call)["recording"])
    eventually(lambda: status(call)["who"] == "somebody in OBS itself")
    assert status(call)["desired"] is False
    code, answer = call("POST", "/recordings/start", {})
    assert code == 409
    assert "somebody in OBS itself" in answer["detail"]
    assert call("POST", "/recordings/stop", {})[1]["data"]["origin"] == "foreign"


def test_a_start_that_fails_says_why_and_leaves_nothing_behind(call: Call, demo: DemoObs) -> None:
    demo.faults.add(Fault.DISK_FULL)
    code, answer = call("POST", "/recordings/start", {})
    assert code == 502
    assert "record" in answer["detail"]
    demo.faults.clear()
    assert status(call)["desired"] is False
    events = call("GET", "/events")[1]["data"]
    assert events[0]["kind"] == "recording_failed"


def test_without_obs_a_start_is_refused(call: Call, demo: DemoObs) -> None:
    demo.stop()
    code, answer = call("POST", "/recordings/start", {})
    assert (code, status(call)["connected"]) == (503, False)
    assert answer["detail"].startswith("studio stage: OBS")


def test_a_maximum_length_ends_it(call: Call) -> None:
    assert call("POST", "/recordings/start", {"max_duration": "2s"})[0] == 200
    eventually(lambda: not status(call)["recording"])
    (recording,) = call("GET", "/recordings")[1]["data"]
    assert 1 < recording["duration"] < 5
    for wrong in (0, "-1s", "soon", "9d"):
        code, answer = call("POST", "/recordings/start", {"max_duration": wrong})
        assert code == 422
        assert "max_duration" in answer["detail"]
