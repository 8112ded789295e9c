"""Gaps of the timeline have the reason that the recorder's account gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.recordings.reasons import TEXTS
from control_api.timeline.gaps import ENGLISH, Gap, Missing, named

PAUSED = Gap(130, 200, "paused_by", {"by": "anna"})


def told(gaps: list[Gap]) -> list[tuple[float, float, str]]:
    return [(gap.start, gap.end, gap.code) for gap in gaps]


def test_a_hole_has_the_reasons_of_the_account() -> None:
    away = Gap(200, 260, "obs_away", {"detail": "does not answer"})
    assert named([(130.4, 259.2)], [PAUSED, away]) == [
        Gap(130.4, 200, "paused_by", {"by": "anna"}),
        Gap(200, 259.2, "obs_away", {"detail": "does not answer"}),
    ]


def test_without_an_account_the_gap_is_there_all_the_same() -> None:
    (gap,) = named([(10, 20)], [])
    assert (gap.start, gap.end, gap.code) == (10, 20, "no_account")


def test_account_and_files_need_not_agree_to_the_second() -> None:
    assert told(named([(129, 201.5)], [PAUSED])) == [(129, 201.5, "paused_by")]
    assert told(named([(120, 210)], [PAUSED])) == [
        (120, 130, "no_account"),
        (130, 200, "paused_by"),
        (200, 210, "no_account"),
    ]


def test_the_first_of_two_reasons_counts() -> None:
    other = Gap(100, 300, Missing.NO_VIDEO)
    assert told(named([(110, 210)], [PAUSED, other])) == [
        (110, 130, "no_video"),
        (130, 200, "paused_by"),
        (200, 210, "no_video"),
    ]


def test_every_code_becomes_a_sentence() -> None:
    assert PAUSED.text == "paused by anna"
    assert Gap(0, 1, Missing.VIDEO_UNUSABLE, {"name": "a.mkv", "state": "damaged"}).text == (
        "the video a.mkv is damaged"
    )
    assert Gap(0, 1, "a_later_code").text == "a_later_code"
    assert not set(map(str, ENGLISH)) & set(map(str, TEXTS))


times = st.integers(0, 1000).map(float)
reasons = st.builds(
    lambda one, other, code: Gap(min(one, other), max(one, other), code),
    times,
    times,
    st.sampled_from(["stopped_by", "disk_full", "no_video", "paused"]),
)


@given(st.lists(reasons, max_size=10), times, times)
def test_gaps_fill_their_hole(given: list[Gap], one: float, other: float) -> None:
    begin, end = min(one, other), max(one, other) + 1
    gaps = named([(begin, end)], given)
    assert (gaps[0].start, gaps[-1].end) == (begin, end)
    assert sum(gap.end - gap.start for gap in gaps) == pytest.approx(end - begin)
    assert all(gap.start < gap.end for gap in gaps)
    assert [gap.start for gap in gaps[1:]] == [gap.end for gap in gaps[:-1]]
