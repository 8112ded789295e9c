"""Each fault does what it says, and no more."""

from __future__ import annotations

import base64
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from websockets.exceptions import InvalidMessage

from leitstand.demo.obs import DemoObs, Fault, Refused, read_stamp
from leitstand.demo.obs.mediafile import BLOCK_BYTES

from .conftest import TEST_FPS, Client, Dial, connect, wait_for
from .test_recording import decode, loudest, record

SHORT = 0.1
Image = npt.NDArray[np.uint8]


def screenshot(client: Client, image_format: str = "png", **size: int) -> Image:
    still = {"sourceName": client.data("GetCurrentProgramScene")["currentProgramSceneName"]}
    data = client.data("GetSourceScreenshot", **still, imageFormat=image_format, **size)
    head, _, encoded = data["imageData"].partition(",")
    assert head == f"data:image/{image_format};base64"
    raw = np.frombuffer(base64.b64decode(encoded), np.uint8)
    image = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return image.astype(np.uint8)


def status_of(client: Client) -> dict[str, int]:
    return {
        key: int(value)
        for key, value in client.data("GetRecordStatus").items()
        if key != "outputTimecode"
    }


def bytes_exceed(client: Client, number: int) -> bool:
    return status_of(client)["outputBytes"] > number


def start(client: Client) -> Path:
    client.data("StartRecord")
    path = Path(client.record_until("STARTED")[-1]["eventData"]["outputPath"])
    wait_for(lambda: status_of(client)["outputBytes"])
    return path


def test_hanging_accepts_and_never_answers(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.HANG)
    client.send(6, requestType="GetStats", requestId=1)
    with pytest.raises(TimeoutError):
        client.receive(SHORT)
    with pytest.raises(TimeoutError), connect(demo.url, open_timeout=SHORT):
        pass
    assert not client.socket.ping().wait(SHORT)
    demo.faults.clear()
    assert client.receive()["d"]["requestId"] == 1


def test_a_hanging_server_still_ends(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.HANG)
    client.send(6, requestType="GetStats", requestId=1)
    before = time.monotonic()
    demo.stop()
    assert time.monotonic() - before < 3


def test_dropping_resets_old_and_new_connections(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.DROP)
    assert client.closed() == 1006
    with pytest.raises((InvalidMessage, OSError, EOFError)), connect(demo.url):
        pass
    demo.faults.clear()
    with connect(demo.url) as socket:
        assert Client(socket).receive()["op"] == 0


def test_slow_answers_come_late(demo: DemoObs, client: Client) -> None:
    demo.slow_seconds = SHORT
    demo.faults.add(Fault.SLOW)
    before = time.monotonic()
    client.data("GetStats")
    assert time.monotonic() - before >= SHORT


def test_answers_in_the_wrong_order(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.WRONG_ORDER)
    for number in (1, 2):
        client.send(6, requestType="GetStats", requestId=number)
    assert [client.receive()["d"]["requestId"] for _ in range(2)] == [2, 1]
    client.send(6, requestType="GetStats", requestId=3)
    assert client.receive()["d"]["requestId"] == 3


def test_a_full_disk_refuses_in_silence(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.DISK_FULL)
    client.data("StartRecord")
    stats = client.data("GetStats")
    assert stats["availableDiskSpace"] == 0.0
    assert status_of(client)["outputActive"] == 0
    assert client.events == []
    assert list(demo.profile.directory.iterdir()) == []


def test_a_disk_that_fills_ends_the_recording(demo: DemoObs, client: Client) -> None:
    path = start(client)
    demo.faults.add(Fault.DISK_FULL)
    seen = client.record_until("STOPPED")
    assert [event["eventData"]["outputState"].rpartition("_")[2] for event in seen] == [
        "STOPPING",
        "STOPPED",
    ]
    assert path.stat().st_size == 0
    assert client.code("StopRecord") == 501


def test_a_folder_that_goes_ends_the_recording(demo: DemoObs, client: Client) -> None:
    path = start(client)
    path.unlink()
    client.record_until("STOPPED")
    assert not path.exists()


def test_a_hanging_disk_never_stops(demo: DemoObs, client: Client) -> None:
    start(client)
    demo.faults.add(Fault.DISK_HANGS)
    client.data("StopRecord")
    client.record_until("STOPPING")
    stands = status_of(client)["outputDuration"]
    time.sleep(0.25)
    status = status_of(client)
    assert status["outputActive"]
    # again, the frame that was being written
    assert status["outputDuration"] - stands <= 1000 // TEST_FPS + 1
    assert client.code("StartRecord") == 500
    assert client.events == []
    demo.faults.clear()
    client.record_until("STOPPED")


def test_a_stalled_file_stands_still_while_bytes_grow(demo: DemoObs, client: Client) -> None:
    path = start(client)
    wait_for(lambda: path.stat().st_size)
    demo.faults.add(Fault.FILE_STALLED)
    # the frame that is being written may still get there, the one after it does not
    for _ in range(2):
        reported = status_of(client)["outputBytes"]
        wait_for(partial(bytes_exceed, client, reported))
    size = path.stat().st_size
    demo.faults.clear()
    # more than what goes to the disk in one piece
    wait_for(partial(bytes_exceed, client, reported + BLOCK_BYTES * 5 // 4))
    client.data("StopRecord")
    client.record_until("STOPPED")
    assert path.stat().st_size == size


def test_an_unknown_format_records_into_nothing(demo: DemoObs, client: Client) -> None:
    demo.profile.values["SimpleOutput", "RecFormat"] = "hybrid_mp4"
    path = start(client)
    assert path.suffix == ".hybrid_mp4"
    assert status_of(client)["outputActive"] == 1
    assert list(demo.profile.directory.iterdir()) == []
    client.data("StopRecord")
    client.record_until("STOPPED")


def test_stopped_never_comes(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.NO_STOPPED)
    path = start(client)
    client.data("StopRecord")
    wait_for(lambda: not status_of(client)["outputActive"])
    client.record_until("STOPPING")
    assert client.events == []
    assert decode(path).stamps


def test_a_lagging_encoder_repeats_pictures(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.ENCODER_LAG)
    path = record(demo, client, 0.25)
    stats = client.data("GetStats")
    total, skipped = stats["outputTotalFrames"], stats["outputSkippedFrames"]
    assert skipped == pytest.approx(total * 2 / 3, abs=2)
    seen = decode(path)
    assert len(seen.stamps) >= 15
    assert len({stamp.frame for stamp in seen.stamps}) == pytest.approx(len(seen.stamps) / 3, abs=2)


def test_silence_is_in_the_file(demo: DemoObs, client: Client) -> None:
    demo.faults.add(Fault.SILENT)
    assert loudest(record(demo, client, 0.1)) < 0.01


def test_a_frozen_picture_stands_still(demo: DemoObs, client: Client) -> None:
    first = read_stamp(screenshot(client))
    wait_for(lambda: read_stamp(screenshot(client)).frame > first.frame)
    demo.faults.add(Fault.FROZEN)
    frozen = screenshot(client)
    stands = client.data("GetStats")["renderTotalFrames"]
    wait_for(lambda: client.data("GetStats")["renderTotalFrames"] > stands + 3)
    assert np.array_equal(screenshot(client), frozen)
    path = record(demo, client, 0.1)
    assert {stamp.frame for stamp in decode(path).stamps} == {read_stamp(frozen).frame}
    demo.faults.clear()
    assert read_stamp(screenshot(client)).frame > read_stamp(frozen).frame


def test_a_black_picture_is_black(demo: DemoObs, client: Client) -> None:
    assert screenshot(client).max() > 200
    demo.faults.add(Fault.BLACK)
    assert screenshot(client).max() == 0


def test_screenshots_have_the_size_that_was_asked_for(demo: DemoObs, client: Client) -> None:
    assert screenshot(client).shape == (360, 640)
    assert screenshot(client, imageWidth=160).shape == (90, 160)
    assert screenshot(client, "jpg", imageWidth=64, imageHeight=64).shape == (64, 64)
    before = screenshot(client)
    demo.scene = "Break"
    assert np.abs(before.astype(int) - screenshot(client)).mean() > 1


def test_a_taken_port_is_said_at_once(demo: DemoObs, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="address already in use"):
        DemoObs(tmp_path, port=demo.port).start()


def test_a_size_that_cannot_be_encoded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        DemoObs(tmp_path, size=(321, 180))


def test_somebody_at_the_window_is_not_held_up(demo: DemoObs, dial: Dial) -> None:
    client = dial(demo).identify()
    demo.faults.add(Fault.HANG)
    demo.scene = "Break"
    assert demo.scene == "Break"
    with pytest.raises(Refused):
        demo.do("StopRecord")
    demo.faults.clear()
    assert client.data("GetCurrentProgramScene") == {"currentProgramSceneName": "Break"}
    assert demo.requests == {"GetCurrentProgramScene": 1}
