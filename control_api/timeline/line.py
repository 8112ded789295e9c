"""From the videos of a studio to one timeline: each recorded second once. Pure.

Of several videos of the same moment the one with the better `Quality` is taken; among equals a
part with video and audio before one that lacks either, then the one that began first.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from control_api.timeline.cover import Cover
from control_api.timeline.footage import Footage, Quality, Stretch

SEAM_SECONDS = 1.0
"""A shorter hole between two spans is a seam and no gap."""
LEAST_SECONDS = 0.1
"""What a second-best video fills is at least that long, unless it is the rest of one beside it."""


@dataclass(frozen=True, slots=True)
class Span:
    """`length` seconds of the timeline from `wall` on, found in the video `id` at `offset`."""

    id: str
    wall: float
    offset: float
    length: float

    @property
    def end(self) -> float:
        return self.wall + self.length


class _Part(IntEnum):
    """Which part of a video: with all kinds of tracks, or what is after or before that.

    Where files follow on, frames go on to the first one's end, while the second begins with audio.
    """

    FULL = 0
    AFTER = 1
    BEFORE = 2


@dataclass(frozen=True, slots=True)
class _Layer:
    """A stretch, or the part of one that is equally good."""

    quality: Quality
    part: _Part
    wall: float
    end: float
    id: str
    offset: float

    @property
    def rank(self) -> tuple[Quality, _Part, float, str, float]:
        return self.quality, self.part, self.wall, self.id, self.offset


def timeline(videos: Iterable[Footage]) -> list[Span]:
    """The disjoint spans of everything that these videos of one studio show, in order."""
    cover, spans, edges = Cover(), [], set[tuple[str, float]]()
    layers = [layer for video in settled(videos) for layer in _layers(video)]
    for layer in sorted(layers, key=lambda one: one.rank):
        for begin, until in list(cover.free(layer.wall, layer.end)):
            is_rest = not edges.isdisjoint({(layer.id, begin), (layer.id, until)})
            is_whole = (begin, until) == (layer.wall, layer.end)
            if until - begin < LEAST_SECONDS and not (is_rest or is_whole):
                continue
            cover.add(begin, until)
            edges |= {(layer.id, begin), (layer.id, until)}
            offset = layer.offset + begin - layer.wall
            spans.append(Span(layer.id, begin, offset, until - begin))
    return list(_joined(sorted(spans, key=lambda span: span.wall)))


def settled(videos: Iterable[Footage]) -> list[Footage]:
    """The same videos by start; an estimated start that is about where another video ends is
    exactly there: the second was begun when the first was full."""
    ends: list[float] = []
    found = []
    for video in sorted((v for v in videos if v.stretches), key=lambda v: (v.begin, v.id)):
        if video.quality.is_estimated:
            video = _shifted(video, _nearest(ends, video) - video.begin)
        found.append(video)
        insort(ends, _full_end(video))
    return found


def within(spans: Iterable[Span], begin: float, end: float) -> list[Span]:
    """What of the spans lies in [begin, end)."""
    found = []
    for span in spans:
        first, last = max(begin, span.wall), min(end, span.end)
        if last > first:
            found.append(Span(span.id, first, span.offset + first - span.wall, last - first))
    return found


def holes(spans: Sequence[Span], begin: float, end: float) -> list[tuple[float, float]]:
    """The intervals of [begin, end) that no span covers, without mere seams."""
    edges = [begin, *(edge for span in spans for edge in (span.wall, span.end)), end]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(first, last) for first, last in pairs if last - first >= SEAM_SECONDS]


def _layers(video: Footage) -> Iterator[_Layer]:
    for piece in video.stretches:
        for first, last, part in _graded(piece, video.full):
            # One part ends exactly where the next begins: edges are compared.
            wall, end = (piece.wall + (at - piece.offset) for at in (first, last))
            yield _Layer(video.quality, part, wall, end, video.id, first)


def _graded(piece: Stretch, full: tuple[float, float]) -> Iterator[tuple[float, float, _Part]]:
    """The stretch in seconds into the file, cut where a kind of track begins or ends."""
    first, last = piece.offset, piece.offset + piece.length
    begin, end = max(first, min(full[0], last)), min(last, max(full[1], first))
    parts = ((first, begin, _Part.BEFORE), (begin, end, _Part.FULL), (end, last, _Part.AFTER))
    yield from (part for part in parts if part[1] > part[0])


def _full_end(video: Footage) -> float:
    """When it stops to have all kinds of tracks."""
    last = video.stretches[-1]
    return last.wall + min(last.length, max(0.0, video.full[1] - last.offset))


def _nearest(ends: Sequence[float], video: Footage) -> float:
    """The end that is nearest to the start of a video, if it is near enough; else the start."""
    moment = video.begin
    place = bisect_left(ends, moment)
    near = min(ends[max(0, place - 1) : place + 1], key=lambda end: abs(end - moment), default=None)
    return moment if near is None or abs(near - moment) > video.tolerance else near


def _shifted(video: Footage, seconds: float) -> Footage:
    if not seconds:
        return video
    moved = (replace(piece, wall=piece.wall + seconds) for piece in video.stretches)
    return replace(video, stretches=tuple(moved))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """The same with what follows on in one file as one span."""
    before: Span | None = None
    for span in spans:
        if before is not None and _follows(before, span):
            span = replace(before, length=span.end - before.wall)
        elif before is not None:
            yield before
        before = span
    if before is not None:
        yield before


def _follows(before: Span, span: Span) -> bool:
    in_file = abs(before.offset + before.length - span.offset)
    return before.id == span.id and in_file < 1e-6 and abs(before.end - span.wall) < 1e-6
