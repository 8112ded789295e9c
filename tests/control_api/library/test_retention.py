"""What retention takes, and what it spares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from control_api.errors import Conflict
from control_api.library.retention import Disk, Reason, Retention, decide
from control_api.library.store import Weight
from control_api.settings.model import RetentionSettings
from tests.control_api.library.conftest import NOW, House
from tests.small_disk import SmallDisk, small_disk

DAY = 86_400.0


def video(id: str, age_days: float, size: int = 10, **changes: Any) -> Weight:
    start = NOW - age_days * DAY
    return Weight(id, "f", f"{id}.mkv", "", start, size, 0.0, "ready", False)._replace(**changes)


VIDEOS = [
    video("old", 50),
    video("safe", 40, protected=True),
    video("busy", 30),
    video("open", 20, state="writing"),
    video("new", 1),
]


def decided(disk: Disk | None = None, **settings: Any) -> dict[str, str]:
    doomed = decide(
        VIDEOS,
        RetentionSettings(**settings),
        NOW,
        {"f": disk or Disk(0.0)},
        lambda id: id == "busy",
    )
    return {one.video.id: str(one.reason) for one in doomed}


@pytest.mark.parametrize(
    ("settings", "doomed"),
    [
        ({}, {}),
        ({"max_age": 10 * DAY}, {"old": "age"}),
        ({"max_age": 3600.0}, {"old": "age", "new": "age"}),
        ({"max_bytes": 50}, {}),
        ({"max_bytes": 49}, {"old": "size"}),
        ({"max_bytes": 0}, {"old": "size", "new": "size"}),
        ({"max_age": 10 * DAY, "max_bytes": 35}, {"old": "age", "new": "size"}),
    ],
)
def test_by_age_and_size(settings: dict[str, Any], doomed: dict[str, str]) -> None:
    assert decided(**settings) == doomed


def test_by_free_space() -> None:
    assert decided(Disk(95.0), min_free_bytes=100) == {"old": "space"}
    assert decided(Disk(85.0), min_free_bytes=100) == {"old": "space", "new": "space"}
    assert decided(Disk(100.0), min_free_bytes=100) == {}


def test_the_trash_goes_first_and_only_what_makes_space_is_deleted_for_good() -> None:
    trash = [video("first", 3, state="trashed"), video("second", 60, state="trashed")]

    def taken(free: float, **settings: Any) -> list[tuple[str, str, bool]]:
        limits = RetentionSettings(min_free_bytes=100, **settings)
        doomed = decide([*trash, *VIDEOS], limits, NOW, {"f": Disk(free)})
        return [(one.video.id, str(one.reason), one.for_good) for one in doomed]

    assert taken(100) == []
    assert taken(91) == [("first", "space", True)]
    assert taken(80) == [("first", "space", True), ("second", "space", True)]
    assert taken(79)[2:] == [("old", "space", True)]
    assert taken(79, max_age=10 * DAY)[2:] == [("old", "age", True), ("busy", "age", False)]
    assert taken(80, max_age=40 * DAY)[2:] == [("old", "age", False)]
    # What lies in the trash is no part of the library's size.
    assert taken(100, max_bytes=50) == []


def test_of_two_disks_only_the_full_one() -> None:
    videos = [video("here", 3), video("there", 2, folder="g")]
    disks = {"f": Disk(1000.0), "g": Disk(0.0)}
    (one,) = decide(videos, RetentionSettings(min_free_bytes=5), NOW, disks)
    assert (one.video.id, one.reason) == ("there", Reason.SPACE)


def test_age_counts_from_the_end() -> None:
    long = [video("long", 2, duration=1.5 * DAY)]
    assert decide(long, RetentionSettings(max_age=DAY), NOW, {}) == []


def retention(house: House, **settings: Any) -> Retention:
    return Retention(
        house.store,
        house.folders,
        lambda: RetentionSettings(**settings),
        house.clock,
        tell=lambda kind, studio, said, **_: house.told.append(said),
        in_use=lambda id: id in house.in_use,
        throw=house.service.throw,
        delete=house.service.delete,
        empty=house.service.empty,
    )


def test_it_goes_to_the_trash_and_a_day_later_off_the_disk(house: House) -> None:
    house.put("2026-01-01 10-00-00.mkv")
    house.put("2026-11-14 10-00-00.mkv")
    house.scan()
    keeper = retention(house, max_age=30 * DAY)
    assert [one.video.name for one in keeper.plan()] == ["2026-01-01 10-00-00.mkv"]
    assert len(house.rows()) == 2
    keeper.run()
    assert set(house.rows()) == {"2026-11-14 10-00-00.mkv"}
    assert keeper.deleted == {"age": 1, "size": 0, "space": 0}
    assert house.told == ["1 videos went to the trash: 1 by age"]
    keeper.run()
    assert len(house.told) == 1
    house.clock.time += DAY + 1
    keeper.run()
    assert house.files() == {"2026-11-14 10-00-00.mkv"}


def test_without_bounds_only_the_old_trash_goes(house: House) -> None:
    house.put("2020-01-01 10-00-00.mkv")
    house.put("a.mkv")
    house.scan()
    house.service.throw(house.rows()["a.mkv"].id)
    house.clock.time += DAY + 1
    retention(house).run()
    assert house.files() == {"2020-01-01 10-00-00.mkv"}


def test_what_is_protected_at_the_last_moment_stays(house: House) -> None:
    house.put("2020-01-01 10-00-00.mkv")
    house.scan()
    keeper = retention(house, max_age=DAY)
    planned = keeper.plan()
    house.service.protect(planned[0].video.id, True)
    assert not keeper._takes(planned[0])
    with pytest.raises(Conflict):
        house.service.throw(planned[0].video.id)


def test_where_space_is_short_the_trash_is_emptied_before_anything_else(house: House) -> None:
    for day in range(1, 5):
        house.put(f"2026-11-0{day} 10-00-00.mkv", b"x" * 4096)
        house.put(f"2026-11-1{day} 10-00-00.mkv", b"x" * 4096)
    house.scan()
    # What is deleted first goes first, whatever it is.
    for day in range(4, 0, -1):
        house.service.throw(house.rows()[f"2026-11-1{day} 10-00-00.mkv"].id)
        house.clock.time += 1
    free = 0.0
    keeper = retention(house, min_free_bytes=10_000)
    keeper._disks = lambda: {"library": Disk(free)}  # type: ignore[method-assign]
    keeper.run()
    assert [row.name[-23:-13] for row in house.service.trash()] == ["2026-11-11"]
    assert len(house.rows()) == 4
    assert house.told == ["3 videos were deleted from the trash, as space is short"]
    assert keeper.deleted == {"age": 0, "size": 0, "space": 0}
    keeper.run()
    assert house.service.trash() == []
    assert len(house.rows()) == 2
    assert keeper.deleted == {"age": 0, "size": 0, "space": 2}
    assert house.told[1] == (
        "1 videos were deleted from the trash, as space is short; "
        "2 videos were deleted for good: 2 by space"
    )
    free = 10_000.0
    keeper.run()
    assert len(house.rows()) == 2


@pytest.fixture
def small(house: House, tmp_path: Path) -> Iterator[SmallDisk]:
    """The house's videos are on a disk of their own."""
    with small_disk(tmp_path) as disk:
        house.root = disk.path
        house.__post_init__()
        yield disk


def test_what_lies_in_the_trash_is_not_free(house: House, small: SmallDisk) -> None:
    mib = 1 << 20
    for day in range(1, 9):
        house.put(f"2026-11-0{day} 10-00-00.mkv", b"x" * (4 * mib))
    house.scan()
    for name in sorted(house.rows())[4:]:
        house.service.throw(house.rows()[name].id)
        house.clock.time += 1
    wanted = small.free + 3 * 4 * mib
    retention(house, min_free_bytes=wanted).run()
    assert len(house.service.trash()) == 1
    assert len(house.rows()) == 4
    assert small.free >= wanted - mib
    wanted = small.free + 2 * 4 * mib
    retention(house, min_free_bytes=wanted).run()
    assert house.service.trash() == []
    assert sorted(house.rows()) == [f"2026-11-0{day} 10-00-00.mkv" for day in (2, 3, 4)]
    assert small.free >= wanted - mib
