"""Which file follows: one of the same kind that grows, and nobody else's."""

from __future__ import annotations

import pytest

from leitstand.recordfile.splits import SplitSearch, is_same_kind

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("2026-11-30 02-00-00.mkv", "2026-11-30 03-00-00.mkv", True),
        ("2026-11-30_02-00-00.mkv", "2026-12-01_02-00-00.mkv", True),
        ("2026-11-30 02-00-00.mkv", "2026-11-30 02-00-00 (2).mkv", True),
        ("2026-11-30 02-00-00 (2).mkv", "2026-11-30 02-00-01.mkv", True),
        ("2026-11-30_02-00-00.mkv", "2026-11-30_02-00-00_2.mkv", True),
        ("show.mkv", "show (2).mkv", True),
        ("show (9).mkv", "show (10).mkv", True),
        # A remuxed twin, a file of the replay buffer, other people's files.
        ("2026-11-30 02-00-00.mkv", "2026-11-30 03-00-00.mp4", False),
        ("2026-11-30 02-00-00.mkv", "Replay 2026-11-30 02-00-00.mkv", False),
        ("2026-11-30 02-00-00.mkv", "2026-11-30.mkv", False),
        ("2026-11-30 02-00-00.mkv", "2026-11-30 03-00-00.mkv.part", False),
        ("show.mkv", "holiday.mkv", False),
    ],
)
def test_names_of_the_same_kind(name: str, other: str, same: bool) -> None:
    assert is_same_kind(name, other) is same
    assert is_same_kind(other, name) is same


def test_a_new_file_with_something_in_it_follows() -> None:
    search = SplitSearch(frozenset({"1.mkv"}))
    search.see({"3.mkv": 0})
    assert search.following(MIB) == []
    search.see({"3.mkv": 100_000})
    assert search.following(MIB) == ["3.mkv"]


def test_files_that_came_and_ended_meanwhile_belong_to_it() -> None:
    search = SplitSearch(frozenset())
    search.see({"2.mkv": 40 * MIB})
    search.see({"2.mkv": 40 * MIB, "3.mkv": 0})
    search.see({"2.mkv": 40 * MIB, "3.mkv": 45 * MIB})
    assert search.following(85 * MIB) == ["2.mkv", "3.mkv"]


def test_a_recording_that_began_before_anybody_looked_goes_on_where_something_grows() -> None:
    search = SplitSearch(None)
    search.see({"2.mkv": 40 * MIB, "3.mkv": 10 * MIB})
    assert search.following(90 * MIB) == []
    search.see({"2.mkv": 40 * MIB, "3.mkv": 11 * MIB})
    assert search.following(90 * MIB) == ["3.mkv"]


def test_a_file_that_holds_more_than_obs_counted_is_somebody_else_s() -> None:
    search = SplitSearch(None)
    search.see({"2.mkv": 40 * MIB})
    search.see({"2.mkv": 41 * MIB})
    assert search.following(8 * MIB) == []


def test_of_two_the_one_that_fits_is_taken() -> None:
    search = SplitSearch(frozenset())
    search.see({"2.mkv": 2 * MIB, "3.mkv": 9 * MIB})
    assert search.following(10 * MIB)[-1] == "3.mkv"
