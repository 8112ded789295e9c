"""The service on a disk without a free byte: people sign in, change settings and make space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.running import eventually, free_port
from tests.small_disk import SmallDisk, small_disk
from tests.venue import TOKEN, Venue, venue

MIB = 1 << 20
SIZE = 2 * MIB
NAMES = [f"2026-11-0{day} 10-00-00.mkv" for day in range(1, 6)]


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, request.param, mib=96) as disk:
        yield disk


@pytest.fixture
def house(disk: SmallDisk) -> Iterator[Venue]:
    """State and videos are on the disk, which is full."""
    folder, videos = disk.path / "house", disk.path / "videos"
    folder.mkdir()
    videos.mkdir()
    for name in NAMES:
        (videos / name).write_bytes(b"x" * SIZE)
        os.utime(videos / name, (1e9, 1e9))
    with venue(folder, free_port(), videos) as house:
        house.start()
        eventually(lambda: len(listed(house)) == len(NAMES), 60)
        eventually(lambda: is_whole(folder / "state" / "leitstand.db.reserve"), 60)
        disk.fill()
        yield house
        assert house.service is not None
        assert "Traceback" not in house.service.output


def is_whole(reserve: Path) -> bool:
    if not reserve.exists():
        return False
    found = reserve.stat()
    return found.st_size == 16 * MIB <= found.st_blocks * 512


def listed(house: Venue) -> list[str]:
    return [each["id"] for each in house.call("GET", "/videos?sort=start")["items"]]


def login(house: Venue) -> requests.Response:
    return requests.post(f"{house.url}/api/auth/login", json={"token": TOKEN}, timeout=60)


def test_on_a_full_disk_people_sign_in_change_settings_and_make_space(
    house: Venue, disk: SmallDisk
) -> None:
    for number in range(1, 6):
        assert login(house).status_code == 200, login(house).text
        house.call("PATCH", "/settings", {"jobs.workers": number % 3 + 1})
        disk.fill()
    first, second, third, *_ = listed(house)
    assert house.call("DELETE", f"/videos/{first}")["state"] == "trashed"
    disk.fill()
    assert house.call("PATCH", f"/videos/{second}", {"title": "Gala"})["title"] == "Gala"
    disk.fill()
    assert house.call("POST", f"/videos/{first}/restore")["state"] != "trashed"
    assert house.call("DELETE", f"/videos/{first}")["state"] == "trashed"
    disk.fill()
    assert house.call("DELETE", f"/videos/{second}?now=true")["frees_bytes"] == SIZE
    assert disk.free >= SIZE - MIB
    disk.fill()
    assert house.call("DELETE", f"/videos/{third}")["state"] == "trashed"
    assert house.call("DELETE", "/videos/trash")["bytes"] == 2 * SIZE
    assert disk.free >= 2 * SIZE - MIB
    assert [each["action"] for each in house.call("GET", "/audit")][:1] == [
        "DELETE /api/videos/trash"
    ]


def test_the_service_starts_on_a_full_disk(house: Venue, disk: SmallDisk) -> None:
    house.kill()
    disk.fill()
    house.start()
    assert login(house).status_code == 200
    house.call("DELETE", f"/videos/{listed(house)[0]}?now=true")
    assert disk.free >= SIZE - MIB


def test_a_disk_that_stays_full_is_named_and_the_reserve_comes_back(
    house: Venue, disk: SmallDisk
) -> None:
    reserve = disk.path / "house" / "state" / "leitstand.db.reserve"
    reserve.unlink()
    disk.fill()

    def refused() -> str:
        answer = house.ask("PATCH", "/settings", {"jobs.workers": 2})
        disk.fill()
        return "" if answer.ok else answer.text

    said = eventually(refused, 60)
    assert "disk full: 0 bytes free on the file system of the database" in said
    for _ in range(20):
        refused()
    assert house.service is not None
    assert house.service.output.count("disk full") <= 4, house.service.output
    disk.make_room()
    house.call("PATCH", "/settings", {"jobs.workers": 3})
    eventually(lambda: is_whole(reserve), 60)
