"""Clock times and offsets become seconds into files."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from control_api.clips.when import Asked, Span, in_one, offset_at, ranges
from control_api.errors import BadInput
from control_api.timeline.footage import Footage, footage

ZONE = ZoneInfo("Europe/Berlin")


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold).timestamp()


def video(begin: str, seconds: float, *resumes: tuple[float, str]) -> Footage:
    anchors = [(0.0, at(begin)), *((offset, at(time)) for offset, time in resumes)]
    return footage("v", seconds, None, anchors)


EVENING = video("2026-11-20 20:00:00", 3600)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (10, 20.5, (10, 20.5)),
        ("10", "20.5", (10, 20.5)),
        ("20:00:10", "20:01", (10, 60)),
        ("20:00:10.250", "20:00:20", (10.25, 20)),
        ("20:00:10", 20, (10, 20)),
        ("2026-11-20T20:00:10", "2026-11-20T19:00:20Z", (10, 20)),
        ("20:59:00", "21:00:00", (3540, 3600)),
    ],
)
def test_one_video(start: str | float, end: str | float, span: tuple[float, float]) -> None:
    found = in_one(EVENING, start, end, ZONE).span
    assert (found.start, found.end) == pytest.approx(span)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (
            "19:59:59",
            "20:10",
            "start: '19:59:59' is not in this video, which goes from 2026-11-20 20",
        ),
        ("20:10", "21:00:01", "end: '21:00:01' is not in this video"),
        (20, 10, "end: 10 s is not after start, 20 s"),
        (20, 20, "is not after start"),
        (3600, 3601, "the video has 3600.000 s"),
        (0, 4000, "the video has 3600.000 s"),
        ("8 pm", "20:10", "start: '8 pm' is none of seconds into the video, a clock time"),
        ("25:00", "20:10", "'25:00' is no clock time"),
        ("../x", 1, "is none of"),
    ],
)
def test_what_is_wrong_is_said(start: str | float, end: str | float, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        in_one(EVENING, start, end, ZONE)
    assert reason in error.value.detail


def test_midnight_is_crossed() -> None:
    night = video("2026-11-20 23:30:00", 3600)
    assert in_one(night, "23:50", "00:10", ZONE).span == Span("v", 1200, 2400)


PAUSED = video("2026-11-20 20:00:00", 1200, (600, "2026-11-20 20:30:00"))


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("20:09", "20:31", (540, 660)),
        ("20:15", "20:31", (600, 660)),
        ("20:09", "20:15", (540, 600)),
        ("20:10", "20:31", (600, 660)),
        (540, "20:15", (540, 600)),
        ("20:15", 660, (600, 660)),
    ],
)
def test_a_clock_time_in_a_pause_moves_into_the_recording(
    start: str | float, end: str | float, span: tuple[float, float]
) -> None:
    found = in_one(PAUSED, start, end, ZONE)
    assert (found.span.start, found.span.end) == span
    asked = [None if isinstance(one, float | int) else one for one in (start, end)]
    if asked[0]:
        assert found.begin == at(f"2026-11-20 {asked[0]}")
    if asked[1]:
        assert found.end == at(f"2026-11-20 {asked[1]}")


def test_a_range_within_a_pause_is_refused() -> None:
    with pytest.raises(BadInput, match=r"from '20:15' to '20:20' nothing was recorded"):
        in_one(PAUSED, "20:15", "20:20", ZONE)


def test_one_moment_in_a_pause_is_in_no_file() -> None:
    assert offset_at(PAUSED, "20:31", ZONE, "at") == 660
    for moment, why in (("20:15", "is in a pause of"), ("21:00", "is not in")):
        with pytest.raises(BadInput, match=f"^at: '{moment}' {why} this video"):
            offset_at(PAUSED, moment, ZONE, "at")


def test_of_two_half_past_two_the_first_is_meant_unless_an_offset_is_given() -> None:
    night = footage("v", 3 * 3600, at("2026-10-25 01:30"), [])
    assert in_one(night, "02:30", "02:40", ZONE).span == Span("v", 3600, 4200)
    second = in_one(night, "2026-10-25T02:30:00+01:00", "2026-10-25T02:40:00+01:00", ZONE)
    assert second.span == Span("v", 7200, 7800)


def test_ranges_that_a_clock_time_may_mean_the_latest_first() -> None:
    newest = at("2026-11-20 21:00:00")
    found = ranges("20:10", "00:30", ZONE, newest)
    assert found[:2] == [
        (at(f"2026-11-{day} 20:10"), at(f"2026-11-{day + 1} 00:30")) for day in (21, 20)
    ]
    assert len(found) >= 40
    assert ranges("2026-01-19T20:01", "20:02", ZONE, newest) == [
        (at("2026-01-19 20:01"), at("2026-01-19 20:02"))
    ]
    assert ranges("20:01", "2026-11-19T20:02", ZONE, newest)[0][0] == at("2026-11-19 20:01")
    with pytest.raises(BadInput, match=r"end: '2026-11-19T20:02' is not after the start"):
        ranges("2026-11-20T20:01", "2026-11-19T20:02", ZONE, newest)
    with pytest.raises(BadInput, match=r"start: '10' is none of"):
        ranges("10", "20", ZONE, newest)


def test_without_a_known_time_only_seconds_are_taken() -> None:
    unknown = footage("v", 100, None, [])
    assert in_one(unknown, 1, 2, ZONE) == Asked(Span("v", 1, 2), None, None)
    with pytest.raises(BadInput, match="when this video was shot is not known; give seconds"):
        in_one(unknown, "20:00", 2, ZONE)
