"""The files on the disk: measured, found again, followed, and never waited for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leitstand.recordfile import Growth, Progress, RecordFile
from leitstand.recordfile import follower as follower_module

BITRATE = 100_000


class Recording:
    """Files that a muxer would write, OBS's counts, and the clocks of the one who looks."""

    def __init__(self, folder: Path, name: str = "2026-11-30 02-00-00.mkv") -> None:
        self.folder = folder
        self.now, self.monotonic = 1_000_000_000.0, 500.0
        self.written = folder / name
        self.bytes = self.duration = 0.0
        self.overhead = 1.0
        self.file = RecordFile(folder, monotonic=lambda: self.monotonic, now=lambda: self.now)
        self.seen: set[Progress] = set()

    def begin(self) -> None:
        self.written.touch()
        self.file.begin(str(self.written), str(self.folder))

    def goes_on_in(self, name: str) -> Path:
        """OBS splits."""
        self.written = self.folder / name
        self.written.touch()
        return self.written

    def runs(self, looks: int = 1, *, writes: bool = True) -> Growth:
        for _ in range(looks):
            self.now += 1
            self.monotonic += 1
            self.duration += 1
            self.bytes += BITRATE
            if writes:
                added = int(BITRATE * self.overhead)
                os.truncate(self.written, self.written.stat().st_size + added)
            growth = self.file.look(self.bytes, self.duration, paused=False)
            self.seen.add(growth.progress)
        return growth


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    recording = Recording(tmp_path)
    recording.begin()
    return recording


@pytest.mark.parametrize("jump", [5.0, 60.0, 7200.0, -5.0, -60.0, -7200.0])
def test_a_wall_clock_that_is_set_changes_nothing(recording: Recording, jump: float) -> None:
    recording.runs(20)
    recording.now += jump
    growth = recording.runs()
    assert (growth.progress, growth.last_growth) == (Progress.HEALTHY, recording.now)
    recording.now -= jump
    growth = recording.runs(3, writes=False)
    assert growth.last_growth == recording.now - 3
    recording.now += jump
    assert recording.runs(1, writes=False).last_growth == recording.now - 4
    assert recording.seen == {Progress.HEALTHY}
    # And a dead muxer is one as soon as ever.
    assert recording.runs(11, writes=False).progress is Progress.MUXER_DEAD


def test_growth_is_dated_by_the_file(recording: Recording) -> None:
    grown = recording.runs(5)
    assert (grown.file_bytes, grown.last_growth) == (5 * BITRATE, recording.now)
    stands = recording.runs(4, writes=False)
    assert (stands.file_bytes, stands.last_growth) == (5 * BITRATE, grown.last_growth)


def test_a_split_is_followed_without_an_event(recording: Recording) -> None:
    first = recording.written
    recording.runs(30)
    for name in ("2026-11-30 02-00-30.mkv", "2026-11-30 02-01-00.mkv"):
        recording.goes_on_in(name)
        recording.runs(30)
        assert recording.file.file == recording.written
        assert recording.file.path == str(recording.written)
    assert [each.file for each in recording.file.files] == sorted(first.parent.iterdir())
    assert recording.seen == {Progress.HEALTHY}
    assert recording.runs(15, writes=False).progress is Progress.MUXER_DEAD


def test_what_a_container_adds_hides_no_split(recording: Recording) -> None:
    recording.overhead = 1.1
    recording.runs(400)
    recording.goes_on_in("2026-11-30 02-06-40.mkv")
    recording.runs(30)
    assert recording.file.file == recording.written
    assert recording.seen == {Progress.HEALTHY}


def test_splits_in_quick_succession_leave_no_file_out(recording: Recording) -> None:
    recording.runs(30)
    for second in range(40, 60, 3):
        recording.goes_on_in(f"2026-11-30 02-00-{second}.mkv")
        recording.runs(3)
    recording.runs(20)
    files = [each.file for each in recording.file.files]
    assert files == sorted(recording.folder.iterdir())
    assert recording.seen == {Progress.HEALTHY}


def test_a_split_that_was_announced_is_not_searched_for(recording: Recording) -> None:
    recording.runs(30)
    first, second = recording.written, recording.goes_on_in("2026-11-30 02-00-30.mkv")
    recording.file.go_on_in(str(second))
    recording.file.go_on_in(str(second))
    assert recording.runs().file_bytes == BITRATE
    assert [each.file for each in recording.file.files] == [first, second]


def test_other_files_are_not_followed_by_a_dead_muxer(recording: Recording) -> None:
    others = [
        recording.folder / name
        for name in (
            "2026-11-30 02-00-00.mp4",
            "Replay 2026-11-30 02-00-10.mkv",
            "holiday.mkv",
            "2026-11-30 01-00-00.mkv",
        )
    ]
    others[-1].touch()
    recording.runs(30)
    for second in range(12):
        for other in others:
            other.write_bytes(b"x" * 1000 * (second + 1))
        growth = recording.runs(1, writes=False)
    assert growth.progress is Progress.MUXER_DEAD
    assert recording.file.file == recording.written


def test_who_comes_after_a_split_finds_what_grows(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.begin()
    for name in ("2026-11-30 01-00-00.mkv", "2026-11-30 02-00-10.mkv"):
        (tmp_path / name).write_bytes(b"x" * 4000)
    recording.runs(20)
    # OBS names the first file of a recording for ever.
    first = recording.written
    recording.goes_on_in("2026-11-30 02-00-20.mkv")
    recording.runs(20)
    late = RecordFile(tmp_path, monotonic=lambda: recording.monotonic)
    late.begin(str(first), str(tmp_path))
    recording.file = late
    recording.seen.clear()
    recording.runs(20)
    assert late.file == recording.written
    assert recording.seen == {Progress.HEALTHY}


def test_a_file_that_is_found_elsewhere_later_is_followed_there(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.file.begin("/obs/sub/2026-11-30 02-00-00.mkv", "/obs/moved")
    recording.bytes, recording.duration = 1000, 1
    assert recording.file.look(1000, 1, paused=False).file_bytes is None
    assert recording.file.file == tmp_path / "2026-11-30 02-00-00.mkv"
    (tmp_path / "sub").mkdir()
    recording.written = tmp_path / "sub" / "2026-11-30 02-00-00.mkv"
    recording.written.touch()
    assert recording.runs().file_bytes == BITRATE
    assert recording.file.file == recording.written


def test_an_old_file_of_that_name_says_nothing(recording: Recording) -> None:
    os.truncate(recording.written, 500_000_000)
    assert recording.runs(40, writes=False).file_bytes is None
    assert recording.seen == {Progress.HEALTHY}


def test_where_the_folder_is_not_visible_obs_is_believed(tmp_path: Path) -> None:
    file = RecordFile(None)
    file.begin("/rec/a.mkv", "/rec")
    growth = file.look(1e6, 4, paused=False)
    assert (growth.file_bytes, growth.progress, file.file) == (None, Progress.HEALTHY, None)
    assert file.path == "/rec/a.mkv"


def test_another_recording_that_was_not_reported_is_another_file(recording: Recording) -> None:
    recording.runs(20)
    assert recording.file.look(7, 1, paused=False).file_bytes is None
    assert recording.file.files == ()


@pytest.fixture
def hanging_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A dead network mount: whoever asks it waits."""
    goes_on = threading.Event()

    def hang(*_: object) -> None:
        goes_on.wait(60)
        raise OSError("stale")

    monkeypatch.setattr(follower_module, "locate", hang)
    yield
    goes_on.set()


def test_a_disk_that_hangs_holds_no_look(recording: Recording, hanging_disk: None) -> None:
    before = time.monotonic()
    growth = recording.runs(30, writes=False)
    # One waits for the disk, the others know that it hangs.
    assert time.monotonic() - before < 20
    assert (growth.file_bytes, recording.seen) == (None, {Progress.HEALTHY})
