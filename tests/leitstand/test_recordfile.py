"""The record file by its growth: healthy blocks are no stall, a dead muxer is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leitstand.recordfile import RecordFile, below, patience


class Recording:
    """A file that a muxer would write, and OBS's word about it; a clock that both share."""

    def __init__(self, folder: Path, *, visible: bool = True) -> None:
        self.now = 1_000_000_000.0
        self.path = folder / "show.mkv"
        self.path.touch()
        self.file = RecordFile(folder if visible else None, lambda: self.now)
        self.file.begins(f"/elsewhere/{self.path.name}", "/elsewhere")
        self.bytes = self.duration = 0.0

    def runs(self, seconds: float, bitrate: float, *, writes: bool = True) -> None:
        """`bitrate` in bytes a second; OBS counts them whether or not they reach the disk."""
        self.now += seconds
        self.duration += seconds
        self.bytes += seconds * bitrate
        if writes:
            os.truncate(self.path, int(self.bytes))


@pytest.mark.parametrize(
    ("bitrate", "block_seconds"),
    # As measured: Matroska at 2.5 Mbit/s and a still picture at 12 kB/s.
    [(312_500, 5.1), (12_000, 9.9), (1_000, 100.0)],
)
def test_a_healthy_recording_is_never_stalled(
    tmp_path: Path, bitrate: float, block_seconds: float
) -> None:
    recording, written_at = Recording(tmp_path), 0.0
    for _ in range(300):
        due = recording.duration + 2 - written_at >= block_seconds
        recording.runs(2, bitrate, writes=due)
        written_at = recording.duration if due else written_at
        growth = recording.file.look(recording.bytes, recording.duration, paused=False)
        assert not growth.stalled, recording.duration


@pytest.mark.parametrize(("bitrate", "noticed_within"), [(312_500, 15), (12_500, 15), (2_000, 72)])
def test_a_file_that_stands_still_is_noticed(
    tmp_path: Path, bitrate: float, noticed_within: float
) -> None:
    recording = Recording(tmp_path)
    for _ in range(60):
        recording.runs(2, bitrate)
        before = recording.file.look(recording.bytes, recording.duration, paused=False)
    died_at, growth = recording.now, before
    while not growth.stalled:
        recording.runs(2, bitrate, writes=False)
        assert recording.now - died_at <= noticed_within
        growth = recording.file.look(recording.bytes, recording.duration, paused=False)
    assert growth.last_growth == before.last_growth == died_at


def test_where_the_folder_is_not_visible_obs_is_believed(tmp_path: Path) -> None:
    recording = Recording(tmp_path, visible=False)
    recording.runs(4, 100_000, writes=False)
    growth = recording.file.look(recording.bytes, recording.duration, paused=False)
    assert (growth.file_bytes, growth.last_growth) == (None, recording.now)
    recording.now += 30
    assert recording.file.look(recording.bytes, recording.duration, paused=False).stalled


def test_a_pause_is_no_stall(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.runs(20, 100_000)
    recording.file.look(recording.bytes, recording.duration, paused=False)
    recording.now += 600
    assert not recording.file.look(recording.bytes, recording.duration, paused=True).stalled
    recording.runs(2, 100_000, writes=False)
    assert not recording.file.look(recording.bytes, recording.duration, paused=False).stalled


def test_a_recording_that_ran_before_we_came_is_the_newest_file(tmp_path: Path) -> None:
    old, new = tmp_path / "old.mkv", tmp_path / "new.mkv"
    for path, size, age in ((old, 10, 500), (new, 20, 5)):
        path.write_bytes(b"x" * size)
        os.utime(path, (1_000_000_000 - age,) * 2)
    file = RecordFile(tmp_path, lambda: 1_000_000_000.0)
    assert file.look(5, 1, paused=False).file_bytes == 20


def test_files_that_nobody_writes_are_no_recording(tmp_path: Path) -> None:
    (tmp_path / "old.mkv").write_bytes(b"x")
    os.utime(tmp_path / "old.mkv", (1_000_000,) * 2)
    file = RecordFile(tmp_path, lambda: 1_000_000_000.0)
    assert file.look(5, 1, paused=False).file_bytes is None


def test_another_recording_that_nobody_told_of_is_looked_for(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.runs(20, 100_000)
    recording.file.look(recording.bytes, recording.duration, paused=False)
    other = tmp_path / "other.mkv"
    other.write_bytes(b"x" * 7)
    os.utime(recording.path, (recording.now - 100,) * 2)
    os.utime(other, (recording.now,) * 2)
    assert recording.file.look(7, 1, paused=False).file_bytes == 7


@pytest.mark.parametrize(
    ("path", "directory", "name"),
    [
        ("/srv/rec/show.mkv", "/srv/rec", "show.mkv"),
        ("/srv/rec/2026/show.mkv", "/srv/rec", "2026/show.mkv"),
        ("/elsewhere/show.mkv", "/srv/rec", "show.mkv"),
        ("/srv/rec/../../etc/passwd", "/srv/rec", "passwd"),
        (r"D:\Video\show.mkv", r"D:\Video", "show.mkv"),
        (r"D:\Video\a\show.mkv", r"D:\Video", "a/show.mkv"),
        ("show.mkv", None, "show.mkv"),
    ],
)
def test_obs_paths_are_mapped_and_lead_nowhere_else(
    path: str, directory: str | None, name: str
) -> None:
    assert below(path, directory) == name


def test_patience_is_for_blocks() -> None:
    assert patience(312_500 * 60, 60) == 6
    assert patience(12_000 * 60, 60) == pytest.approx(10.9, abs=0.1)
    assert patience(0, 60) == patience(100, 1) == 13
