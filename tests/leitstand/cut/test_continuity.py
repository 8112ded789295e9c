"""Whether one file goes on in the next is told by what is in them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut.continuity import Mark, Segment, linked, shift
from leitstand.cut.request import Part


def _seconds(*values: float) -> tuple[Fraction, ...]:
    return tuple(Fraction(round(one * 1000), 1000) for one in values)


def _segment(
    span: tuple[float, float], begins: tuple[float, ...], ends: tuple[float, ...] | None
) -> Segment:
    return Segment(*_seconds(*span), _seconds(*begins), ends and _seconds(*ends), ("h264", "aac"))


# Video from 0.2 to 4.2, audio from 0 to 4.1.
_ONE = _segment((2.0, 4.2), (0.2, 0.0), (4.2, 4.1))
_OTHER = _segment((0.0, 3.0), (0.1, 0.0), (4.1, 4.0))


def test_by_the_ends_the_video_goes_on_where_it_ended() -> None:
    assert shift(_ONE, _OTHER) == Fraction(41, 10)


@pytest.mark.parametrize(
    ("apart", "is_one"), [(0.0, True), (-0.2, True), (0.1, True), (0.4, False), (60.0, False)]
)
def test_by_the_clock_another_recording_is_no_part_of_the_stream(
    apart: float, is_one: bool
) -> None:
    assert (shift(_ONE, _OTHER, apart) is not None) is is_one


def _parts(*clocks: float) -> list[Part]:
    return [Part(Path("x"), 0.0, 4.0, at) for at in clocks]


def test_a_stream_is_as_long_as_its_clock_times_say() -> None:
    """The clock of the first file is 0.2 s late."""
    first = _segment((0.0, 4.0), (0.0, 0.0), (4.0, 4.0))
    second = _segment((4.0, 8.0), (4.0, 4.0), (8.0, 8.0))
    links = linked(_parts(0.2, 4.0), [first, second])
    assert [link.own.end for link in links] == [4, Fraction(78, 10)]
    unknown = [replace(one, at=None) for one in _parts(0.2, 4.0)]
    assert [link.own.end for link in linked(unknown, [first, second])] == [4, 8]


def test_a_file_that_the_clock_times_leave_nothing_of_is_left_out() -> None:
    first = _segment((0.0, 4.0), (0.0, 0.0), (4.0, 4.0))
    second = _segment((4.0, 4.1), (4.0, 4.0), (8.0, 8.0))
    parts = [Part(Path("x"), 0.0, 4.0, 0.2), Part(Path("y"), 0.0, 0.1, 4.0)]
    links = linked(parts, [first, second])
    assert [link.own.end for link in links] == [Fraction(39, 10)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (replace(_ONE, end=Fraction(4)), _OTHER),
        (_ONE, replace(_OTHER, start=Fraction(1, 2))),
        (replace(_ONE, ends=None), _OTHER),
        (_ONE, replace(_OTHER, formats=("hevc", "aac"))),
        (_ONE, replace(_OTHER, begins=_OTHER.begins[:1])),
        # Audio that goes on for seconds is part of the recording.
        (replace(_ONE, ends=_seconds(4.2, 8.0), end=Fraction(8)), _OTHER),
        (_ONE, replace(_OTHER, begins=_seconds(3.3, 0.0))),
    ],
)
def test_ranges_that_do_not_reach_the_seam_and_other_streams_stay_apart(
    one: Segment, other: Segment
) -> None:
    assert shift(one, other) is None


def _marked(one: Segment, number: int, time: float, stream: bytes = b"a") -> Segment:
    return replace(one, mark=Mark(stream, number, *_seconds(time)))


@pytest.mark.parametrize("end", [3.9, 4.0, 4.2, 4.4])
def test_mediamtx_says_how_much_later_a_segment_begins(end: float) -> None:
    one = _marked(replace(_ONE, end=Fraction(round(end * 10), 10)), 7, 100.0)
    assert shift(one, _marked(_OTHER, 8, 104.05)) == Fraction(405, 100)


@pytest.mark.parametrize(
    ("number", "time", "stream"), [(9, 104.05, b"a"), (7, 104.05, b"a"), (8, 140.0, b"a")]
)
def test_a_segment_that_is_not_the_next_one_does_not_go_on(
    number: int, time: float, stream: bytes
) -> None:
    one = replace(_marked(_ONE, 7, 100.0), end=Fraction(4))
    assert shift(one, _marked(_OTHER, number, time, stream)) is None


def test_time_stamps_that_go_on_need_no_shift() -> None:
    other = _segment((4.0, 7.0), (4.2, 4.0), (8.2, 8.1))
    assert shift(replace(_ONE, end=Fraction(4)), other) == 0
    assert shift(replace(_ONE, end=Fraction(3)), other) is None


@given(st.integers(0, 400), st.integers(-400, 400), st.integers(-400, 400))
def test_the_video_never_overlaps_itself(late: int, audio_end: int, audio_begin: int) -> None:
    one = _segment((1.0, 5.5), (0.0, 0.0), (5.0, 5.0 + audio_end / 1000))
    other = _segment((0.0, 3.0), (late / 1000, max(0, late + audio_begin) / 1000), None)
    found = shift(one, other)
    if found is not None:
        assert other.begins[0] + found == 5
