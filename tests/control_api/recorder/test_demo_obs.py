"""One look at a demo OBS: what the real one of this machine is too old, or too healthy, to show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.recorder.observation import Progress, Refused, Unreachable
from control_api.recordings.reasons import Code, Reason
from leitstand.clients.obs import Event
from leitstand.demo.obs import DemoObs, Fault, Splits
from tests.control_api.recorder.watching import Watch, frames, watched

FPS = 15


@pytest.fixture
def demo(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DemoObs]:
    splits = getattr(request, "param", None)
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=FPS, size=(160, 90), cluster_seconds=0.5, splits=splits) as demo:
        yield demo


@pytest.fixture
def watch(demo: DemoObs) -> Iterator[Watch]:
    with watched(demo.port, demo.profile.directory) as watch:
        yield watch


def move_records(demo: DemoObs, folder: Path) -> None:
    folder.mkdir()
    demo.profile.values["SimpleOutput", "FilePath"] = str(folder)


def files_of(watch: Watch) -> list[Path]:
    return list(dict.fromkeys(one.file for _, one in watch.seen if one.file is not None))


@pytest.mark.parametrize("demo", [Splits(seconds=8.0, announced=True)], indirect=True)
def test_a_split_that_is_announced_is_followed_at_once(demo: DemoObs, watch: Watch) -> None:
    watch.record(17.0)
    watch.stop()
    files = sorted(demo.profile.directory.iterdir())
    assert files_of(watch) == files
    assert len(files) >= 3
    assert watch.progress == {Progress.HEALTHY}


@pytest.mark.parametrize("demo", [Splits()], indirect=True)
def test_a_split_is_followed_by_what_grows(demo: DemoObs, watch: Watch) -> None:
    watch.record(2.0)
    # A remuxed twin, and a replay.
    first = watch.last.file
    assert first is not None
    first.with_suffix(".mp4").write_bytes(b"x" * 70_000)
    demo.do("TriggerHotkeyByName", hotkeyName="OBSBasic.SplitFile")
    replay = first.with_name(f"Replay {first.name}")
    replay.write_bytes(b"x" * 70_000)
    watch.until(lambda one: one.file != first)
    recorded = watch.go_on(2.0)
    assert recorded.file not in (first, replay, first.with_suffix(".mp4"))
    assert [part.file for part in watch.output.files] == [first, recorded.file]
    assert [part.path for part in watch.output.files] == [str(first), str(recorded.file)]
    watch.stop()
    assert watch.progress == {Progress.HEALTHY}
    assert watch.output.files == ()


@pytest.mark.parametrize("demo", [Splits()], indirect=True)
def test_a_recorder_that_comes_after_a_split_finds_the_file(demo: DemoObs, watch: Watch) -> None:
    watch.record(6.0)
    demo.do("TriggerHotkeyByName", hotkeyName="OBSBasic.SplitFile")
    watch.until(lambda _: demo.recording != watch.last.file)
    with watched(demo.port, demo.profile.directory) as late:
        late.until(lambda one: one.file is not None and one.file == demo.recording)
        late.go_on(4.0)
        assert late.progress == {Progress.HEALTHY}


def test_a_recorder_that_comes_late_finds_the_file(demo: DemoObs, watch: Watch) -> None:
    watch.record(3.0)
    with watched(demo.port, demo.profile.directory) as late:
        observation = late.look()
        assert (observation.file, observation.began) == (demo.recording, None)
        assert observation.grew


def test_another_recording_whose_start_was_not_reported_is_noticed(
    demo: DemoObs, watch: Watch
) -> None:
    first = watch.record(2.0)
    demo.do("StopRecord")
    watch.until(lambda _: demo.recording is None)
    demo.do("StartRecord")
    # Looks without events, as if the link to them was broken.
    second = watch.until_unheard(lambda one: one.duration > first.duration)
    assert second.file == demo.recording != first.file


def test_a_record_folder_that_moves_takes_the_next_file_with_it(
    demo: DemoObs, watch: Watch
) -> None:
    first = watch.record(1.0)
    folder = demo.profile.directory / "friday"
    move_records(demo, folder)
    assert watch.go_on(2.0).file == first.file
    watch.stop()
    assert watch.record(1.0).file == demo.recording
    assert watch.last.file is not None
    assert watch.last.file.parent == folder


def test_what_begins_is_dated_by_its_event(watch: Watch) -> None:
    observation = watch.record(1.0)
    assert observation.began is not None
    with_end = observation.began + observation.duration
    assert abs(with_end - time.time()) < 60


def test_an_overloaded_obs_is_healthy(demo: DemoObs, watch: Watch) -> None:
    watch.record(3.0)
    demo.faults.add(Fault.OVERLOADED)
    watch.run(14.0)
    assert watch.progress == {Progress.HEALTHY}
    assert watch.last.duration < 10
    watch.stop()
    (file,) = demo.profile.directory.iterdir()
    assert frames(file) == pytest.approx(watch.recorded[-1].duration * FPS, abs=FPS)


def test_a_disk_that_hangs_is_slow_and_no_dead_muxer(demo: DemoObs, watch: Watch) -> None:
    watch.record(3.0)
    demo.faults.add(Fault.DISK_HANGS)
    watch.until(lambda one: one.progress is not Progress.HEALTHY)
    assert watch.last.progress is Progress.SLOW
    assert watch.last.still_seconds >= 15
    demo.faults.clear()
    watch.until(lambda one: one.progress is Progress.HEALTHY and one.still_seconds == 0)


def test_a_file_that_stands_still_is_a_dead_muxer(demo: DemoObs, watch: Watch) -> None:
    watch.record(12.0)
    demo.faults.add(Fault.FILE_STALLED)
    watch.until(lambda one: one.progress is Progress.MUXER_DEAD)


def test_pauses(watch: Watch) -> None:
    watch.record(1.0)
    for _ in range(2):
        watch.output.pause(True)
        watch.until(lambda one: one.paused)
    watch.run(2.0)
    assert (watch.last.still_seconds, watch.last.progress) == (0, Progress.HEALTHY)
    for _ in range(2):
        watch.output.pause(False)
        watch.until(lambda one: not one.paused)
    watch.go_on(1.0)


def test_to_stop_what_does_not_record_is_success(watch: Watch) -> None:
    watch.output.stop()
    watch.record(1.0)
    with pytest.raises(Refused):
        watch.output.start()
    watch.stop()
    watch.output.stop()


def test_obstacles_have_a_code(demo: DemoObs, watch: Watch) -> None:
    assert watch.look().obstacle is None
    demo.faults.add(Fault.DISK_FULL)
    assert watch.look().obstacle == Reason(Code.DISK_FULL, {"free_mb": 0})
    demo.faults.clear()
    folder = demo.profile.directory
    move_records(demo, folder / "friday")
    (folder / "friday").rmdir()
    obstacle = watch.look().obstacle
    assert obstacle is not None
    assert obstacle.text == f"cannot record: the record folder {folder / 'friday'} is gone"
    demo.profile.values["SimpleOutput", "FilePath"] = str(folder)
    folder.rmdir()
    obstacle = watch.look().obstacle
    assert obstacle is not None
    assert obstacle.text == f"cannot record: the record folder {folder} is gone"


def test_where_the_folder_is_not_seen_0_bytes_may_mean_both(demo: DemoObs) -> None:
    demo.faults.add(Fault.DISK_FULL)
    with watched(demo.port, None) as blind:
        obstacle = blind.look().obstacle
    assert obstacle is not None
    assert obstacle.text.endswith("is gone, or its disk is full")


def test_an_obs_that_is_away_is_unreachable(demo: DemoObs, watch: Watch) -> None:
    demo.stop()
    for ask in (watch.output.look, watch.output.start, watch.output.stop):
        with pytest.raises(Unreachable):
            ask()


@pytest.mark.parametrize("data", [{}, {"newOutputPath": None}, {"newOutputPath": 7}])
def test_events_of_another_shape_change_nothing(watch: Watch, data: dict[str, object]) -> None:
    watch.output.hear(Event("RecordFileChanged", data))
    watch.output.hear(Event("RecordStateChanged", data))
    watch.output.hear(Event("RecordFileChanged", {"newOutputPath": "/x/y.mkv"}))
    assert not watch.look().active
