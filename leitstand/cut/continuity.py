"""Whether one file goes on in the next: MediaMTX's segments, OBS's split files, camera chapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from leitstand.cut.request import Part

# MediaMTX and OBS begin the audio of a file up to this long before or after its video.
LONGEST_OVERLAP = Fraction(1, 2)
_LONGEST_GAP = Fraction(1, 4)
# A stream whose time stamps go on has its next frame within this time.
_NEXT_FRAME = Fraction(1, 8)
_ROUNDING = Fraction(2, 1000)


@dataclass(frozen=True, slots=True)
class Mark:
    """What MediaMTX writes into a segment: its stream, its number, its time in the stream."""

    stream: bytes
    number: int
    time: Fraction


@dataclass(frozen=True, slots=True)
class Segment:
    """A file and the range of it that was requested, in seconds of its own time stamps.

    `begins` and `ends` are those of its tracks, the video first (of audio files the first track);
    `ends` is None where the file goes on long after the range. `formats` must agree in a stream.
    """

    start: Fraction
    end: Fraction
    begins: tuple[Fraction, ...]
    ends: tuple[Fraction, ...] | None
    formats: tuple[object, ...] = ()
    mark: Mark | None = None


def shift(one: Segment, other: Segment, apart: float | None = None) -> Fraction | None:
    """What to add to the times of `other` so that they go on from those of `one`.

    None where it is another stream, or where the ranges do not touch. `apart` is how many seconds
    lie between the ranges by the clock, where that is known.
    """
    if one.ends is None or one.formats != other.formats or len(one.begins) != len(other.begins):
        return None
    known = _marked(one, other)
    if known is None:
        known = _going_on(one, other)
    if known is not None:
        between = other.start + known - one.end
        return known if -LONGEST_OVERLAP <= between <= _LONGEST_GAP else None
    is_near = apart is None or -LONGEST_OVERLAP <= apart <= _LONGEST_GAP
    return _by_ends(one, one.ends, other) if is_near else None


@dataclass(frozen=True, slots=True)
class Link:
    """A part in a row of parts; `before` is its shift from the one before, None where it begins a
    stream."""

    part: Part
    own: Segment
    before: Fraction | None


def linked(parts: Sequence[Part], segments: Sequence[Segment]) -> list[Link]:
    """The parts with their shifts; one stream in several files is as long as the clock times of
    its parts say, where they have some."""
    apart = map(_apart, parts, parts[1:])
    shifts = [None, *map(shift, segments, segments[1:], apart)]
    runs: list[list[Link]] = []
    for link in map(Link, parts, segments, shifts):
        if link.before is None:
            runs.append([])
        runs[-1].append(link)
    return [link for run in runs for link in _by_clock(run)]


def _apart(one: Part, other: Part) -> float | None:
    if one.at is None or other.at is None:
        return None
    return other.at - one.at - (one.end - one.start)


def _by_clock(run: list[Link]) -> list[Link]:
    """The same with another end, if the clocks of single files are off by a moment."""
    first, last = run[0].part, run[-1].part
    if len(run) == 1 or first.at is None or last.at is None:
        return run
    seconds = Fraction(round((last.at + last.end - last.start - first.at) * 1_000_000), 1_000_000)
    later = sum((link.before or Fraction(0) for link in run[1:]), Fraction(0))
    end = run[0].own.start + seconds - later
    if abs(end - run[-1].own.end) > LONGEST_OVERLAP:
        return run
    while len(run) > 1 and end <= max(run[-1].own.start, run[-1].own.begins[0]):
        *run, gone = run
        end += gone.before or 0
    return [*run[:-1], replace(run[-1], own=replace(run[-1].own, end=end))]


def _marked(one: Segment, other: Segment) -> Fraction | None:
    if one.mark is None or other.mark is None or one.mark.stream != other.mark.stream:
        return None
    is_next = other.mark.number == one.mark.number + 1
    return other.mark.time - one.mark.time if is_next else None


def _going_on(one: Segment, other: Segment) -> Fraction | None:
    """MPEG-TS keeps the time stamps of the stream."""
    if one.ends is None or abs(other.begins[0] - one.ends[0]) > _NEXT_FRAME:
        return None
    between = [abs(b - a) for a, b in zip(one.ends, other.begins, strict=True)]
    return Fraction(0) if max(between) <= LONGEST_OVERLAP else None


def _by_ends(one: Segment, ends: tuple[Fraction, ...], other: Segment) -> Fraction | None:
    """Time stamps that begin again in each file: the video goes on where it ended, if the range
    goes to the end of the one file and begins with the other."""
    to_the_end = ends[0] - _ROUNDING <= one.end
    from_the_begin = other.start <= other.begins[0] + _ROUNDING
    overlaps = [*(at - ends[0] for at in ends), *(other.begins[0] - at for at in other.begins)]
    if not (to_the_end and from_the_begin and max(map(abs, overlaps)) <= LONGEST_OVERLAP):
        return None
    return ends[0] - other.begins[0]
