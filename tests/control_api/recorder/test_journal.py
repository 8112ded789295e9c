"""The recorder's journal: what was put in is there after a crash, a full disk or a bad record."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control_api.recorder.journal import Journal
from control_api.recorder.segments import SEGMENT_BYTES, Segments
from tests.running import eventually

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def opened(*places: Path, size: int = SEGMENT_BYTES) -> Iterator[Journal]:
    journal = Journal(places, size=size)
    journal.load()
    journal.start()
    try:
        yield journal
    finally:
        journal.stop()


def content(*places: Path) -> dict[str, object]:
    return dict(Journal(places).load())


def older(file: Path) -> None:
    """Replace it by a copy of itself, as a backup is brought back."""
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def test_values_are_there_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.put("a", {"n": 1})
        journal.put("b", 2)
        journal.put("a", {"n": 3})
        journal.put("b", None)
        assert journal.flush(5)
    assert content(tmp_path) == {"a": {"n": 3}}


def test_16_mib_are_reserved(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        assert journal.flush(5)
        allocated = sum(path.stat().st_blocks * 512 for path in tmp_path.iterdir())
        assert allocated >= 16 << 20


def test_a_segment_that_is_full_is_continued_in_the_other(tmp_path: Path) -> None:
    with opened(tmp_path, size=4096) as journal:
        for number in range(300):
            journal.put(f"key {number % 7}", number)
            assert journal.flush(5)
    assert content(tmp_path) == {f"key {number % 7}": number for number in range(293, 300)}


def test_a_torn_record_costs_nothing_that_was_flushed_before(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        for number in range(10):
            journal.put(str(number), number)
            assert journal.flush(5)
    newest = max(tmp_path.iterdir(), key=lambda path: b'["9",9]' in path.read_bytes())
    data = newest.read_bytes()
    newest.write_bytes(data.replace(b'["9",9]', b'["9",8]'))
    assert content(tmp_path) == {str(number): number for number in range(9)}


def test_a_generation_that_was_not_finished_does_not_count(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    segments.rewrite([b'["a",1]'], 1)
    segments.rewrite([b'["a",2]'], 2)
    newest = tmp_path / "journal.0"
    data = bytearray(newest.read_bytes())
    data[0] ^= 1
    newest.write_bytes(data)
    assert content(tmp_path) == {"a": 1}


def test_the_next_place_stands_in_and_the_newest_content_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with opened(first, second) as journal:
        journal.put("a", 1)
        assert journal.flush(5)
    aside = first.rename(tmp_path / "aside")
    later = time.time() + 10
    monkeypatch.setattr("control_api.recorder.journal.time.time", lambda: later)
    first.write_text("a file where the folder should be")
    with opened(first, second) as journal:
        journal.put("a", 2)
        assert journal.flush(5)
        assert journal.health.place == second
        assert journal.health.error is None
    first.unlink()
    aside.rename(first)
    assert content(first, second) == {"a": 2}
    with opened(first, second) as journal:
        journal.put("b", 3)
        assert journal.flush(5)
        assert journal.health.place == first
    assert content(first, second) == content(first) | {"a": 2, "b": 3}


def test_without_any_place_it_goes_on_in_memory_and_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    with opened(blocked) as journal:
        journal.put("a", 1)
        eventually(lambda: journal.health.error)
        blocked.unlink()
        eventually(lambda: journal.health.error is None)
        assert journal.flush(10)
    assert content(blocked) == {"a": 1}


def test_a_folder_that_is_removed_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "recorder"
    with opened(folder, tmp_path / "second") as journal:
        journal.put("a", 1)
        assert journal.flush(5)
        shutil.rmtree(folder.parent)
        journal.put("b", 2)
        assert journal.flush(5)
        assert content(folder) == {"a": 1, "b": 2}


def test_a_folder_that_cannot_be_made_again_is_left_for_the_next_place(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with opened(first, second) as journal:
        journal.put("a", 1)
        assert journal.flush(5)
        shutil.rmtree(first)
        first.write_text("a file where the folder should be")
        journal.put("b", 2)
        assert journal.flush(5)
        assert journal.health.place == second
    assert content(second) == {"a": 1, "b": 2}


def test_files_that_are_removed_are_written_again_though_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("control_api.recorder.journal._RETRY_SECONDS", 0.1)
    with opened(tmp_path / "recorder") as journal:
        journal.put("a", 1)
        assert journal.flush(5)
        shutil.rmtree(tmp_path / "recorder")
        eventually(lambda: content(tmp_path / "recorder") == {"a": 1})
        eventually(lambda: len(list((tmp_path / "recorder").iterdir())) == 2)


@pytest.mark.parametrize("change", [Path.unlink, older, emptied])
def test_a_file_that_is_not_the_one_that_was_written_is_written_again(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    with opened(tmp_path) as journal:
        for number in range(3):
            journal.put("a", number)
            assert journal.flush(5)
            for file in tmp_path.iterdir():
                change(file)
        journal.put("b", 1)
        assert journal.flush(5)
        assert content(tmp_path) == {"a": 2, "b": 1}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_takes_what_is_put_after_it_is_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
    try:
        with opened(disk / "journal") as journal:
            assert journal.flush(5)
            fill(disk / "filler")
            for number in range(2_000):
                journal.put(f"key {number}", "x" * 500)
            assert journal.flush(10)
            for number in range(2_000):
                journal.put(f"key {number}", None)
            journal.put("last", 1)
            assert journal.flush(10)
            assert journal.health.error is None
        assert content(disk / "journal") == {"last": 1}
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(file: Path) -> None:
    with file.open("wb") as opened_file, contextlib.suppress(OSError):
        while opened_file.write(b"\0" * 65_536):
            opened_file.flush()
    assert os.statvfs(file.parent).f_bavail == 0


WRITER = """
import sys
from pathlib import Path
from control_api.recorder.journal import Journal
journal = Journal([Path(sys.argv[1])], size=1 << 16)
number = journal.load().get("number", 0)
journal.start()
while True:
    number += 1
    journal.put("number", number)
    journal.put(f"filler {number % 50}", "x" * 400)
    assert journal.flush(10)
    print(number, flush=True)
"""


def test_kill_9_at_any_moment_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert writer.stdout is not None
        with writer.stdout:
            said = [int(writer.stdout.readline()) for _ in range(200)]
            writer.kill()
            said += [int(line) for line in writer.stdout.read().split()]
        writer.wait()
        assert content(tmp_path)["number"] in (said[-1], said[-1] + 1)
