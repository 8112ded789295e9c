"""Automatic file splitting: no frame is lost, and OBS reports it as its version does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leitstand.demo.obs import DemoObs, Fault, Splits

from .conftest import TEST_FPS, Client, Dial, wait_for
from .test_recording import decode

HOTKEY = "OBSBasic.SplitFile"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Splits | None], DemoObs]]:
    running: list[DemoObs] = []

    def start(splits: Splits | None) -> DemoObs:
        demo = DemoObs(tmp_path, fps=TEST_FPS, size=(160, 90), splits=splits)
        demo.start()
        running.append(demo)
        return demo

    yield start
    for demo in running:
        demo.stop()


def begin(client: Client) -> Path:
    client.data("StartRecord")
    path = Path(client.record_until("STARTED")[-1]["eventData"]["outputPath"])
    wait_for(lambda: client.data("GetRecordStatus")["outputBytes"])
    return path


def written_to(client: Client) -> str:
    """OBS's path of the file, as its output's settings have it."""
    answer = client.data("GetOutputSettings", outputName="simple_file_output")
    return str(answer["outputSettings"]["path"])


def test_a_split_by_hand_loses_no_frame(
    start: Callable[[Splits | None], DemoObs], dial: Dial, tmp_path: Path
) -> None:
    demo = start(Splits())
    client = dial(demo).identify()
    first, counted = begin(client), []
    for _ in range(2):
        before = demo.recording
        client.data("TriggerHotkeyByName", hotkeyName=HOTKEY)
        wait_for(lambda before=before: demo.recording != before)
        counted.append(client.data("GetRecordStatus"))
        wait_for(lambda: client.data("GetRecordStatus")["outputBytes"] > counted[-1]["outputBytes"])
    assert written_to(client) == str(first)
    assert client.data("StopRecord")["outputPath"] == str(first)
    assert client.record_until("STOPPED")[-1]["eventData"]["outputPath"] == str(first)
    assert counted[0]["outputDuration"] < counted[1]["outputDuration"]
    files = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
    assert (files[0], len(files)) == (first, 3)
    seen = [stamp.frame for file in files for stamp in decode(file).stamps]
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert client.code("SplitRecordFile") == 204


def test_splits_by_time_are_announced_where_obs_does_that(
    start: Callable[[Splits | None], DemoObs], dial: Dial
) -> None:
    demo = start(Splits(seconds=0.3, announced=True))
    client = dial(demo).identify()
    version = client.data("GetVersion")
    assert version["obsWebSocketVersion"] == "5.5.0"
    assert "SplitRecordFile" in version["availableRequests"]
    assert client.code("SplitRecordFile") == 501
    first = begin(client)
    told = [client.until("RecordFileChanged")[-1]["eventData"]["newOutputPath"] for _ in range(2)]
    client.data("SplitRecordFile")
    told.append(client.until("RecordFileChanged")[-1]["eventData"]["newOutputPath"])
    paths = [str(first), *told]
    assert len(set(paths)) == 4
    assert all(Path(path).parent == first.parent for path in paths)


def test_without_splitting_there_is_neither_hotkey_nor_request(
    start: Callable[[Splits | None], DemoObs], dial: Dial
) -> None:
    client = dial(start(None)).identify()
    begin(client)
    assert client.code("TriggerHotkeyByName", hotkeyName=HOTKEY) == 600
    assert client.code("SplitRecordFile") == 204
    assert "SplitRecordFile" not in client.data("GetVersion")["availableRequests"]


def test_the_next_file_stays_in_the_folder_of_the_first(
    start: Callable[[Splits | None], DemoObs], dial: Dial, tmp_path: Path
) -> None:
    demo = start(Splits())
    client = dial(demo).identify()
    first = begin(client)
    (tmp_path / "moved").mkdir()
    parameter = {"parameterCategory": "SimpleOutput", "parameterName": "FilePath"}
    moved = str(tmp_path / "moved")
    client.data("SetProfileParameter", **parameter, parameterValue=moved)
    assert client.data("GetRecordDirectory")["recordDirectory"] == moved
    client.data("TriggerHotkeyByName", hotkeyName=HOTKEY)
    second = wait_for(lambda: demo.recording if demo.recording != first else None)
    assert second.parent == first.parent


def test_an_overloaded_obs_falls_behind(demo: DemoObs, client: Client) -> None:
    path = begin(client)
    demo.faults.add(Fault.OVERLOADED)
    stands = client.data("GetStats")["renderTotalFrames"]
    frames = client.data("GetRecordStatus")["outputDuration"] * TEST_FPS // 1000
    wait_for(lambda: client.data("GetStats")["renderTotalFrames"] > stands + TEST_FPS)
    recorded = client.data("GetRecordStatus")["outputDuration"] * TEST_FPS // 1000 - frames
    assert 0 < recorded < TEST_FPS
    client.data("StopRecord")
    client.record_until("STOPPED")
    stamps = [stamp.frame for stamp in decode(path).stamps]
    assert 5 in {after - before for before, after in itertools.pairwise(stamps)}
