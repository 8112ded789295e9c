"""Videos on a file system without a free byte, the database on another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.errors import Unavailable
from control_api.library.changes import Changes
from control_api.library.service import LibraryService
from control_api.reserve import Reserve, Reserves
from tests.control_api.library.conftest import BERLIN, House
from tests.small_disk import SmallDisk, small_disk

MIB = 1 << 20


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> Iterator[SmallDisk]:
    """The house's folder, with a few videos and 0 bytes free."""
    with small_disk(tmp_path, request.param, mib=16) as disk:
        house.root = disk.path
        house.__post_init__()
        for name in ("a", "b", "c"):
            house.put(f"{name}.mkv", b"x" * MIB)
        house.scan()
        yield disk


def with_reserve(house: House) -> Reserve:
    reserve = Reserve(house.root / ".leitstand-reserve", MIB, MIB // 8)
    reserve.restore()
    assert reserve.path.stat().st_blocks * 512 >= MIB
    house.changes = Changes(house.store, house.folders, reserves=Reserves([reserve]))
    house.service = LibraryService(house.store, house.changes, house.clock, BERLIN)
    return reserve


def test_with_a_reserve_everything_is_possible(house: House, disk: SmallDisk) -> None:
    with_reserve(house)
    disk.fill()
    a, b, c = (row.id for _, row in sorted(house.rows().items()))
    house.service.edit(a, {"title": "Gala"})
    house.service.throw(a)
    disk.fill()
    house.service.throw(b)
    house.service.rename(c, "d")
    disk.fill()
    house.service.restore(a)
    assert {name: row.title for name, row in house.rows().items()} == {"a.mkv": "Gala", "d.mkv": ""}
    assert house.store.intents() == []
    assert house.service.empty_all().size == MIB
    assert disk.free >= MIB // 2


def test_without_one_the_answer_names_the_folder_and_nothing_is_half_done(
    house: House, disk: SmallDisk
) -> None:
    disk.fill()
    id = next(iter(house.rows().values())).id
    said = "disk full: 0 bytes free on the file system of the folder library"
    for change in (
        lambda: house.service.edit(id, {"title": "Gala"}),
        lambda: house.service.rename(id, "d"),
        lambda: house.service.throw(id),
    ):
        with pytest.raises(Unavailable) as error:
            change()
        assert error.value.detail == said
    assert set(house.rows()) == {"a.mkv", "b.mkv", "c.mkv"}
    assert house.store.intents() == []
    house.service.delete(id)
    assert disk.free >= MIB // 2
    house.service.throw(next(iter(house.rows().values())).id)


def test_the_reserve_is_no_video(house: House, disk: SmallDisk) -> None:
    with_reserve(house)
    assert house.scan().seen == 3
