"""Clock times and offsets become seconds into files."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from control_api.clips.when import Footage, Span, footage, in_evening, in_one
from control_api.errors import BadInput

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
    found = in_one(EVENING, start, end, ZONE)
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
    assert in_one(night, "23:50", "00:10", ZONE) == Span("v", 1200, 2400)


def test_a_pause_is_in_no_file() -> None:
    paused = video("2026-11-20 20:00:00", 1200, (600, "2026-11-20 20:30:00"))
    assert in_one(paused, "20:09", "20:31", ZONE) == Span("v", 540, 660)
    with pytest.raises(BadInput, match=r"'20:15' is in a pause of this video"):
        in_one(paused, "20:15", "20:31", ZONE)


def test_of_two_half_past_two_the_first_is_meant_unless_an_offset_is_given() -> None:
    night = footage("v", 3 * 3600, at("2026-10-25 01:30"), [])
    assert in_one(night, "02:30", "02:40", ZONE) == Span("v", 3600, 4200)
    second = in_one(night, "2026-10-25T02:30:00+01:00", "2026-10-25T02:40:00+01:00", ZONE)
    assert second == Span("v", 7200, 7800)


def test_over_the_seam_of_two_parts_of_an_evening() -> None:
    one = footage("a", 600, at("2026-11-20 20:00:00"), [])
    two = footage("b", 600, at("2026-11-20 20:10:05"), [])
    older = footage("old", 600, at("2026-11-19 20:00:00"), [])
    spans = in_evening([older, one, two], "20:09:50", "20:10:15", ZONE)
    assert spans == [Span("a", 590, 600), Span("b", 0, 10)]
    assert in_evening([older, one], "2026-11-19T20:01", "20:02", ZONE) == [Span("old", 60, 120)]
    with pytest.raises(BadInput, match=r"end: '20:30' is in no recording of this studio"):
        in_evening([one, two], "20:09:50", "20:30", ZONE)


def test_without_a_known_time_only_seconds_are_taken() -> None:
    unknown = footage("v", 100, None, [])
    assert in_one(unknown, 1, 2, ZONE) == Span("v", 1, 2)
    with pytest.raises(BadInput, match="when this video was shot is not known; give seconds"):
        in_one(unknown, "20:00", 2, ZONE)
