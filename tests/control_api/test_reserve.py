"""Space that is kept back: given up in steps to what a full disk stopped, and taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.reserve import Reserve, Reserves
from control_api.sizes import size_text
from tests.small_disk import SmallDisk, small_disk

MIB = 1 << 20


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, request.param, mib=16) as disk:
        yield disk


def reserve(disk: SmallDisk) -> Reserve:
    made = Reserve(disk.path / ".reserve", MIB, MIB // 8)
    made.restore()
    assert made.path.stat().st_blocks * 512 >= MIB
    return made


def write(path: Path, size: int) -> Path:
    """Either whole or not there."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        try:
            left = size
            while left:
                left -= os.write(opened, b"y" * left)
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def test_what_a_full_disk_stopped_is_done_with_the_reserve(disk: SmallDisk) -> None:
    kept = reserve(disk)
    disk.fill()
    place = disk.path / "file"
    with pytest.raises(OSError, match="No space left"):
        write(place, 300_000)
    assert Reserves([kept]).retry(disk.path, lambda: write(place, 300_000)) == place
    assert place.stat().st_size == 300_000
    assert 0 < kept.path.stat().st_size < MIB


def test_a_folder_is_made_on_a_full_disk(disk: SmallDisk) -> None:
    kept = reserve(disk)
    disk.fill()
    Reserves([kept]).retry(disk.path, (disk.path / "a").mkdir)
    assert (disk.path / "a").is_dir()


def test_what_is_larger_than_the_reserve_fails(disk: SmallDisk) -> None:
    kept = reserve(disk)
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        Reserves([kept]).retry(disk.path, lambda: write(disk.path / "file", 2 * MIB))
    assert not kept.path.exists()
    assert not kept.release()


def test_another_file_system_and_another_error_take_nothing(
    disk: SmallDisk, tmp_path: Path
) -> None:
    kept = reserve(disk)
    reserves = Reserves([kept])

    def fail(number: int) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(OSError, match="No space left"):
        reserves.retry(tmp_path, lambda: fail(28))
    with pytest.raises(OSError, match="Read-only"):
        reserves.retry(disk.path, lambda: fail(30))
    assert kept.path.stat().st_size == MIB


def test_one_reserve_is_enough_for_a_file_system(disk: SmallDisk, tmp_path: Path) -> None:
    first, second = (Reserve(disk.path / name, MIB, MIB) for name in ("first", "second"))
    other = Reserve(tmp_path / "other", MIB, MIB)
    gone = Reserve(tmp_path / "missing" / "gone", MIB, MIB)
    Reserves([gone, first, second, other]).restore()
    assert first.path.exists()
    assert other.path.exists()
    assert not second.path.exists()


def test_a_reserve_that_takes_no_space_any_more_is_allocated_again(disk: SmallDisk) -> None:
    kept = reserve(disk)
    kept.path.unlink()
    kept.restore()
    assert kept.path.stat().st_size == MIB
    kept.path.unlink()
    with kept.path.open("wb") as file:
        # As a backup leaves it.
        file.truncate(MIB)
    assert kept.path.stat().st_blocks == 0
    Reserve(kept.path, MIB, MIB).restore()
    assert kept.path.stat().st_blocks * 512 >= MIB


@pytest.mark.parametrize("kind", ["link", "second name", "pipe", "larger"])
def test_what_is_no_reserve_stays_as_it_is(disk: SmallDisk, kind: str) -> None:
    target, place = disk.path / "video", disk.path / ".reserve"
    content = b"z" * (2 * MIB)
    target.write_bytes(content)
    if kind == "link":
        place.symlink_to(target)
    elif kind == "second name":
        place.hardlink_to(target)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        target.rename(place)
        target = place
    kept = Reserve(place, MIB, MIB)
    assert not kept.release()
    kept.restore()
    assert target.read_bytes() == content


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (16 * MIB, "16.8 MB")]
    + [(2_500_000_000, "2.5 GB"), (10**16, "10000.0 TB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
