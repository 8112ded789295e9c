"""A studio's videos become one timeline: each recorded second once, and none left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.timeline.footage import (
    PARTS_OF_SECONDS,
    WHOLE_SECONDS,
    Footage,
    Quality,
    Stretch,
    footage,
    full_range,
    until,
)
from control_api.timeline.line import (
    LEAST_SECONDS,
    Span,
    holes,
    settled,
    timeline,
    within,
)

EXACT, ESTIMATED = Quality(), Quality(is_estimated=True)
DAMAGED, COPY = Quality(is_damaged=True), Quality(is_rendition=True)


def video(id: str, start: float, seconds: float, quality: Quality = EXACT) -> Footage:
    return footage(id, seconds, start, [], quality=quality)


@st.composite
def videos(draw: st.DrawFn) -> list[Footage]:
    """Overlapping, paused, damaged, renamed ones with exact and estimated starts; in tenths."""
    tenths = st.integers(0, 600).map(lambda number: number / 10)
    count = draw(st.integers(0, 6))
    found = []
    for number in range(count):
        wall, offset, anchors = draw(tenths), 0.0, []
        for length, pause in draw(st.lists(st.tuples(tenths, tenths), min_size=1, max_size=3)):
            anchors.append([offset, wall])
            offset, wall = offset + length, wall + length + pause
        quality = Quality(*draw(st.tuples(*[st.booleans()] * 3)))
        id = draw(st.sampled_from("zyx")) + str(number)
        edges = sorted(draw(st.tuples(tenths, tenths)))
        tracks = [{"kind": "video", "start": edges[0], "end": edges[1]}]
        found.append(footage(id, offset, None, anchors, quality=quality, tracks=tracks))
    return found


@given(videos())
def test_each_second_is_there_at_most_once_and_none_is_left_out(given: list[Footage]) -> None:
    spans = timeline(given)
    for before, after in pairwise(spans):
        assert before.end <= after.wall + 1e-6
    there = [piece for one in settled(given) for piece in one.stretches]
    lost = []
    for first, last in _between_edges([*there, *spans]):
        moment = (first + last) / 2
        is_filmed = any(piece.wall <= moment < piece.end for piece in there)
        shown = [span for span in spans if span.wall <= moment < span.end]
        assert len(shown) <= is_filmed
        if is_filmed and not shown:
            lost.append(last - first)
    assert max(lost, default=0) < LEAST_SECONDS + 1e-6
    assert sum(lost) <= LEAST_SECONDS * 2 * len(there)


@given(videos())
def test_a_span_shows_what_was_filmed_then(given: list[Footage]) -> None:
    by_id = {one.id: one for one in settled(given)}
    for span in timeline(given):
        for passed in (1e-4, span.length / 2, span.length - 1e-4):
            moment, offset = span.wall + passed, span.offset + passed
            assert any(
                piece.wall <= moment < piece.end
                and offset - piece.offset == pytest.approx(moment - piece.wall, abs=1e-6)
                for piece in by_id[span.id].stretches
            )


@given(videos(), st.floats(0, 100), st.floats(0, 100))
def test_lengths_and_holes_add_up(given: list[Footage], one: float, other: float) -> None:
    begin, end = min(one, other), max(one, other)
    spans = within(timeline(given), begin, end)
    shown = sum(span.length for span in spans)
    edges = [begin, *(edge for span in spans for edge in (span.wall, span.end)), end]
    seams = sum(max(0.0, last - first) for first, last in zip(edges[::2], edges[1::2], strict=True))
    assert shown + seams == pytest.approx(end - begin, abs=1e-6)
    missing = sum(last - first for first, last in holes(spans, begin, end))
    assert missing <= seams + 1e-6


@given(videos())
def test_order_and_names_of_the_videos_do_not_matter(given: list[Footage]) -> None:
    assert timeline(reversed(given)) == timeline(given)


@given(videos())
def test_an_exact_start_stays_and_an_estimated_one_moves_little(given: list[Footage]) -> None:
    before = {one.id: one for one in given}
    for one in settled(given):
        moved = abs(one.begin - before[one.id].begin)
        assert moved <= (WHOLE_SECONDS + 1e-9 if one.quality.is_estimated else 0)


def _between_edges(ranges: Sequence[Span | Stretch]) -> list[tuple[float, float]]:
    """The intervals between each two neighbouring edges."""
    edges = sorted({edge for one in ranges for edge in (one.wall, one.end)})
    return [(one, other) for one, other in pairwise(edges) if other - one > 1e-6]


@pytest.mark.parametrize("worse", [ESTIMATED, DAMAGED, COPY])
def test_the_better_video_is_taken_where_there_are_two(worse: Quality) -> None:
    good, bad = video("good", 100, 50), video("bad", 90, 100, worse)
    assert timeline([bad, good]) == [
        Span("bad", 90, 0, 10),
        Span("good", 100, 0, 50),
        Span("bad", 150, 60, 40),
    ]


def test_exact_counts_more_than_whole_and_whole_more_than_original() -> None:
    ordered = [EXACT, COPY, DAMAGED, Quality(False, True, True), ESTIMATED]
    assert sorted([ordered[at] for at in (4, 2, 0, 3, 1)]) == ordered


def test_of_equals_the_one_that_began_first() -> None:
    one, two = video("a", 105, 50), video("b", 100, 20)
    assert timeline([one, two]) == [Span("b", 100, 0, 20), Span("a", 120, 15, 35)]


def test_a_pause_is_a_hole() -> None:
    paused = footage("v", 1200, 0, [[0, 1000], [600, 2000]])
    assert timeline([paused]) == [Span("v", 1000, 0, 600), Span("v", 2000, 600, 600)]
    assert holes(within(timeline([paused]), 1500, 2100), 1500, 2100) == [(1600, 2000)]


def test_audio_that_is_longer_than_the_video_gives_way_to_the_next_part() -> None:
    tracks = [
        {"kind": "video", "start": 0.0, "end": 10.0},
        {"kind": "audio", "start": 0.0, "end": 10.2},
    ]
    parts = [footage(id, 10.2, at, [], tracks=tracks) for id, at in (("a", 100), ("b", 110))]
    both, one = timeline(parts), timeline(parts[:1])
    assert [(span.id, span.wall) for span in both] == [("a", 100), ("b", 110)]
    assert [span.length for span in both] == pytest.approx([10, 10.2])
    assert [span.length for span in one] == pytest.approx([10.2])


def test_estimated_parts_follow_each_other_without_overlap_or_hole() -> None:
    """OBS's split files: their names tell whole seconds."""
    parts = [video("a", 100, 60.7, ESTIMATED), video("b", 160, 60.7, ESTIMATED)]
    parts.append(video("c", 222, 60, ESTIMATED))
    shown = timeline(parts)
    assert [(span.id, span.offset, span.length) for span in shown] == [
        ("a", 0, pytest.approx(60.7)),
        ("b", 0, pytest.approx(60.7)),
        ("c", 0, pytest.approx(60)),
    ]
    assert holes(shown, 100, 281.4) == []


def test_a_video_whose_time_is_unknown_is_not_on_the_timeline() -> None:
    assert timeline([footage("v", 100, None, [])]) == []


def test_tracks_without_their_own_range_are_taken_to_be_whole() -> None:
    assert full_range([{"kind": "video"}, {"kind": "audio", "start": None}]) == (0, float("inf"))
    late = [{"kind": "video", "start": 3.3, "end": 12.0}, {"kind": "audio", "start": 0, "end": 12}]
    assert full_range(late) == (3.3, 12)
    apart = [{"kind": "video", "start": 5, "end": 6}, {"kind": "audio", "start": 1, "end": 2}]
    assert full_range(apart) == (0, float("inf"))


def test_the_end_by_the_clock_follows_the_last_pause() -> None:
    assert until(100, 50, []) == 150
    assert until(100, 50, [[0, 100], [20, 500]]) == 530


def test_at_a_seam_of_segments_nothing_is_missing() -> None:
    """MediaMTX's: the audio begins the next file before the video does."""
    tracks = [
        {"kind": "video", "start": 0.0, "end": 6.0},
        {"kind": "audio", "start": 0, "end": 5.9},
    ]
    late = [{"kind": "video", "start": 0.1, "end": 4.1}, {"kind": "audio", "start": 0, "end": 4.0}]
    parts = [
        footage("a", 5.94, 100, [], quality=ESTIMATED, tracks=tracks),
        footage("b", 4.1, 105.9, [], quality=ESTIMATED, tracks=late),
    ]
    spans = timeline(parts)
    assert [span.id for span in spans] == ["a", "b"]
    assert spans[0].end == pytest.approx(spans[1].wall) == 105.94
    assert spans[1].end == 110


@pytest.mark.parametrize("begin", [1_790_000_000 + 0.37 * n for n in range(40)])
def test_the_rest_of_a_file_that_begins_with_audio_is_kept(begin: float) -> None:
    """At the times of today a step of a float is 0.2 us."""
    tracks = [
        {"kind": "audio", "start": 0.0, "end": 3.95},
        {"kind": "video", "start": 0.075, "end": 4.025},
    ]
    one = footage("a", 4.025, begin, [], tracks=tracks)
    two = footage("b", 4.0, begin + 4.0, [])
    first, second = timeline([one, two])
    assert first.end == second.wall == begin + 4.0


def test_a_recording_that_was_resumed_after_the_newest_second() -> None:
    shown = footage("a", 595.0, None, [[0.0, 100.0], [600.0, 1_000.0]])
    assert [(piece.offset, piece.length) for piece in shown.stretches] == [(0.0, 595.0)]
    assert until(100.0, 595.0, [[0.0, 100.0], [600.0, 1_000.0]]) == 695.0


def test_segments_whose_camera_counts_other_seconds_stay_where_their_names_say() -> None:
    """0.6 % more than the clock's; names that tell parts of seconds."""
    parts = [
        footage(f"{n:03}", 4.024, 100 + 4 * n, [], quality=ESTIMATED, tolerance=PARTS_OF_SECONDS)
        for n in range(200)
    ]
    for n, one in enumerate(settled(parts)):
        assert one.begin == pytest.approx(100 + 4 * n, abs=PARTS_OF_SECONDS)
    spans = timeline(parts)
    lost = [4.024 - span.length for span in spans[:-1]]
    assert 0 <= min(lost) + 1e-6
    assert max(lost) < 0.25
    assert holes(spans, 100, 900) == []
