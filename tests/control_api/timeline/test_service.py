"""The index finds what a studio recorded at any time, whatever came after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_api.database import Database
from control_api.library.store import VideoStore
from control_api.schedules.tables import RunRow
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
from tests.control_api.timeline.conftest import Put, video_row

T = 1_795_000_000.0


@pytest.fixture
def timelines(database: Database) -> Timelines:
    return Timelines(TimelineStore(database))


def shown(timelines: Timelines, begin: float, end: float) -> list[tuple[float, float, float]]:
    spans = timelines.recorded("stage", begin, end).spans
    return [(span.wall - T, span.offset, span.length) for span in spans]


def gaps(timelines: Timelines, begin: float, end: float) -> list[tuple[float, float, str]]:
    found = timelines.recorded("stage", begin, end).gaps
    return [(gap.start - T, gap.end - T, gap.code) for gap in found]


def test_old_videos_are_found_as_well_as_new_ones(
    database: Database, timelines: Timelines, put: Put
) -> None:
    put("long.mkv", T - 3600, 3700)
    later = [video_row(f"{number}.ts", T + 1000 + 4 * number, 4) for number in range(700)]
    VideoStore(database).save(*later)
    assert shown(timelines, T, T + 10) == [(0, 3600, 10)]
    newest = timelines.newest_end("stage")
    assert newest == T + 1000 + 4 * 700
    days = [(T + day * 86_400, T + day * 86_400 + 10) for day in (2, 0, -1)]
    assert timelines.newest_shown("stage", days) == days[1]
    assert timelines.newest_shown("stage", days[:1]) is None
    assert timelines.newest_shown("stage", []) is None


def test_other_studios_and_what_is_gone_do_not_count(timelines: Timelines, put: Put) -> None:
    put("a.mkv", T, 10)
    put("b.mkv", T + 10, 10, studio="hall")
    put("c.mkv", T + 20, 10, state="trashed")
    put("d.mkv", T + 30, 10, missing_since=T)
    assert shown(timelines, T, T + 40) == [(0, 0, 10)]
    assert timelines.newest_end("stage") == T + 10
    assert timelines.newest_end("foyer") is None


def test_a_pause_is_found_though_neither_side_is_asked_for(timelines: Timelines, put: Put) -> None:
    put("a.mkv", T, 100, anchors=[[0, T], [50, T + 1000]])
    assert shown(timelines, T + 990, T + 1001) == [(1000, 50, 1)]
    assert gaps(timelines, T + 100, T + 200) == [(100, 200, "paused")]


def test_gaps_have_the_codes_of_the_account(
    timelines: Timelines, put: Put, account: Callable[..., RunRow]
) -> None:
    def gap(start: float, end: float, code: str, **params: Any) -> dict[str, Any]:
        return {"start": T + start, "end": T + end, "code": code, "params": params, "reason": ""}

    put("a.mkv", T, 100)
    put("b.mkv", T + 300, 100)
    account(T, T + 500, [gap(100, 200, "paused_by", by="anna"), gap(200, 300, "disk_full")])
    assert gaps(timelines, T, T + 600) == [
        (100, 200, "paused_by"),
        (200, 300, "disk_full"),
        (400, 500, "no_video"),
        (500, 600, "no_account"),
    ]
    assert timelines.recorded("stage", T, T + 200).gaps[0].text == "paused by anna"


def test_without_an_account_gaps_are_found_too(timelines: Timelines, put: Put) -> None:
    put("a.mkv", T, 100)
    put("b.mkv", T + 300, 100)
    assert gaps(timelines, T, T + 350) == [(100, 300, "no_account")]


@pytest.mark.parametrize("state", ["damaged", "unexamined", "writing"])
def test_what_cannot_be_used_is_a_gap_with_that_reason(
    timelines: Timelines, put: Put, state: str
) -> None:
    put("a.mkv", T, 100)
    put("b.mkv", T + 100, 50, state=state)
    recorded = timelines.recorded("stage", T, T + 150)
    assert [span.length for span in recorded.spans] == [100]
    (found,) = recorded.gaps
    assert (found.start - T, found.end - T, found.code) == (100, 150, "video_unusable")
    assert found.text == f"the video b.mkv is {state}"
    assert [row.name for row in recorded.unusable] == ["b.mkv"]


def test_a_video_being_written_is_found_while_its_length_is_unknown(
    timelines: Timelines, put: Put
) -> None:
    put("a.mkv", T, 0, state="writing", mtime_ns=int((T + 100) * 1e9))
    assert [row.name for row in timelines.recorded("stage", T + 50, T + 60).unusable] == ["a.mkv"]
    assert timelines.recorded("stage", T - 20, T - 10).unusable == []


def test_a_damaged_twin_costs_nothing(timelines: Timelines, put: Put) -> None:
    put("a.mkv", T, 100)
    put("a.mp4", T, 100, state="damaged", start_estimated=True)
    assert shown(timelines, T, T + 100) == [(0, 0, 100)]
    assert gaps(timelines, T, T + 100) == []
