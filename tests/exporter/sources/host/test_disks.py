"""Whole disks."""

from __future__ import annotations

import pytest

from exporter.sources.host.disks import Disks
from exporter.sources.host.state import Disk

COUNTS = {
    "read_bytes": 512.0,
    "written_bytes": 1024.0,
    "reads_completed": 1.0,
    "writes_completed": 2.0,
    "io_time": 0.25,
}


@pytest.mark.parametrize("name", ["sda", "sdab", "vda", "xvda", "nvme0n1", "mmcblk0", "nbd1"])
def test_a_whole_disk_is_shown(name: str) -> None:
    assert Disks().update({name: COUNTS}) == (Disk(name, 512.0, 1024.0, 1.0, 2.0, 0.25),)


@pytest.mark.parametrize(
    "name",
    ["sda1", "vda15", "nvme0n1p2", "nvme0c0n1", "mmcblk0p1", "mmcblk0boot0", "loop0", "ram0"]
    + ["zram0", "dm-0", "md0", "sr0"],
)
def test_what_is_part_of_a_disk_or_lies_on_top_of_one_is_not(name: str) -> None:
    assert Disks().update({name: COUNTS}) == ()
