"""Parts of several files as one movie: each frame once, one part's time right after the other's.

Pure. A part that begins between two key frames takes the frames from the key frame on with it, so
short that nobody sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from control_api.play import boxes
from control_api.play.movie import Indexed
from control_api.play.samples import Numbers, Unfit, timed

_SNAP_SECONDS = 0.1
"""A part that begins or ends as near to where its file does begins or ends there."""
_STILL_SECONDS = 0.5
"""A frame that stays so much longer than the audio goes on is meant to; less is a seam."""
_FINEST = 90_000
_LONGEST_WAIT = 5.0
_NO_SAMPLE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Part:
    """Seconds [begin, end) of a file with `tracks`; its samples are `moved` bytes further on in
    what is played. `follows`: it was filmed right after the part before, in the same recording."""

    tracks: Sequence[Indexed]
    begin: float
    end: float
    moved: int
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Seconds [start, end) of what is played are those of a file from `offset` on."""

    start: float
    end: float
    offset: float


@dataclass(slots=True)
class _Row:
    """Samples of one track in decoding order, of one part after the other."""

    scale: int
    shown: list[Numbers] = field(default_factory=list)
    sizes: list[Numbers] = field(default_factory=list)
    places: list[Numbers] = field(default_factory=list)
    keys: list[Numbers] = field(default_factory=list)
    step: int = 1

    def take(self, track: Indexed, chosen: Numbers, shown: Numbers, moved: int) -> None:
        self.shown.append(shown)
        self.sizes.append(track.sizes[chosen])
        self.places.append(track.places[chosen] + moved)
        self.keys.append(track.keys[chosen])
        if len(chosen):
            last = _scaled(int(track.durations[chosen[-1]]), track.scale, self.scale)
            self.step = max(1, int(last))


def alike(one: Sequence[Indexed], other: Sequence[Indexed]) -> bool:
    """Whether one decoder can take both, one after the other."""
    return [track.form for track in one] == [track.form for track in other]


def joined(parts: Sequence[Part]) -> tuple[list[boxes.Track], list[Piece]]:
    """One movie of parts whose tracks are alike. Raises Unfit where there is no video, or what
    is found cannot be put into tables."""
    first = parts[0].tracks
    if not first or not first[0].is_picture:
        raise Unfit("it has no video")
    try:
        return _joined(parts, first)
    except (ValueError, IndexError, OverflowError):
        raise Unfit("its index is damaged") from None


def _joined(
    parts: Sequence[Part], first: Sequence[Indexed]
) -> tuple[list[boxes.Track], list[Piece]]:
    rows = [_Row(_scale(track)) for track in first]
    pieces: list[Piece] = []
    at = 0
    heard: int | None = None
    for number, part in enumerate(parts):
        video = rows[0]
        origin, at_origin, end = _show(video, part, at)
        piece = Piece(at_origin / video.scale, end / video.scale, origin)
        pieces.append(piece)
        at = int(video.shown[-1].max(initial=end - 1)) + 1 if len(video.shown[-1]) else end
        at = max(at, end)
        if len(rows) > 1:
            goes_on = number + 1 < len(parts) and parts[number + 1].follows
            heard = _hear(rows[1], part, piece, heard, goes_on)
    tracks = [_track(track, row) for track, row in zip(first, rows, strict=True)]
    return tracks, pieces


def _show(row: _Row, part: Part, at: int) -> tuple[float, int, int]:
    """Append the frames of a part from tick `at` on. The second of the file that is shown first,
    when that is, and when the last frame ends."""
    track = part.tracks[0]
    seconds = track.shown / track.scale
    order = np.argsort(track.shown, kind="stable")
    ordered = track.shown[order]
    last = int(track.durations[-1]) or 1
    lengths = np.diff(ordered, append=ordered[-1] + last)
    half = float(np.median(lengths)) / track.scale / 2
    until = (int(ordered[-1]) + last) / track.scale
    begin = -np.inf if part.begin < seconds.min() + _SNAP_SECONDS else part.begin - half
    end = np.inf if part.end > until - _SNAP_SECONDS else part.end - half
    seen = (seconds >= begin) & (seconds < end)
    if not seen.any():
        return part.begin, at, at
    wanted = np.flatnonzero(seen)
    begin_tick = int(track.shown[wanted].min())
    key = _key_before(track, begin_tick, int(wanted[0]))
    chosen = np.arange(key, int(wanted[-1]) + 1)
    before = chosen[track.shown[chosen] < begin_tick]
    after = chosen[(track.shown[chosen] >= begin_tick) & ~seen[chosen]]
    # Frames that are only decoded: a tick each, before those that are seen, and after them.
    shown = np.zeros(len(track.shown), np.int64)
    shown[_by_time(track, before)] = at + np.arange(len(before))
    first = at + len(before)
    origin = _origin(part, begin_tick / track.scale)
    late = round((begin_tick / track.scale - origin) * row.scale)
    shown[wanted] = first + late + _scaled(track.shown[wanted] - begin_tick, track.scale, row.scale)
    last_tick = int(track.shown[wanted].max())
    length = int(lengths[np.searchsorted(ordered, last_tick)])
    stop = min((last_tick + length) / track.scale, part.end if end < np.inf else np.inf)
    stop = max(stop, (last_tick + 1) / track.scale)
    stop = _still(part, stop)
    end_tick = first + max(1, round((stop - origin) * row.scale))
    shown[_by_time(track, after)] = end_tick + np.arange(len(after))
    row.take(track, chosen, shown[chosen], part.moved)
    return origin, first, end_tick


def _origin(part: Part, first: float) -> float:
    """The second that a part begins with: of its first frame, unless audio begins much earlier."""
    if len(part.tracks) < 2:
        return first
    audio = part.tracks[1]
    heard = max(part.begin, float(audio.shown[0]) / audio.scale)
    return heard if first - heard > _STILL_SECONDS else first


def _still(part: Part, stop: float) -> float:
    """When the last frame ends: much later than it says, where the audio goes on much longer."""
    if len(part.tracks) < 2:
        return stop
    audio = part.tracks[1]
    heard = min(part.end, float(audio.shown[-1] + audio.durations[-1]) / audio.scale)
    return heard if heard - stop > _STILL_SECONDS else stop


def _hear(row: _Row, part: Part, piece: Piece, heard: int | None, goes_on: bool) -> int | None:
    """Append the audio that belongs to a piece; `heard` is when what was appended so far ends.

    Where a recording goes on in the next file, its audio may change over some packets before or
    after its video: what is there of either file is taken, and nothing that would overlap.
    """
    track = part.tracks[1]
    late = round((piece.start - piece.offset) * row.scale)
    shown = _scaled(track.shown, track.scale, row.scale) + late
    half = _scaled(int(np.median(track.durations)), track.scale, row.scale) // 2
    over = round(_STILL_SECONDS * row.scale)
    begin = max(0, round(piece.start * row.scale) - (over if part.follows else half))
    end = round(piece.end * row.scale) - (-over if goes_on else half)
    if heard is not None:
        begin = max(begin, heard - half)
    chosen = np.flatnonzero((shown >= begin) & (shown < end))
    if not len(chosen):
        return heard
    times = np.maximum.accumulate(shown[chosen])
    if row.shown and len(row.shown[-1]):
        times = np.maximum(times, int(row.shown[-1][-1]) + 1)
    row.take(track, chosen, times, part.moved)
    length = _scaled(track.durations[chosen], track.scale, row.scale).sum()
    start = int(times[0]) if heard is None or times[0] - heard > 4 * half else heard
    return start + int(length)


def _key_before(track: Indexed, tick: int, first: int) -> int:
    """The last key frame from which the frame at a time, and all after it, can be decoded."""
    keys = np.flatnonzero(track.keys[: first + 1])
    fit = keys[track.shown[keys] <= tick]
    if not len(fit):
        raise Unfit("it has no key frame")
    return int(fit[-1])


def _by_time(track: Indexed, chosen: Numbers) -> Numbers:
    return chosen[np.argsort(track.shown[chosen], kind="stable")]


def _track(track: Indexed, row: _Row) -> boxes.Track:
    shown = np.concatenate(row.shown or [_NO_SAMPLE])
    if not len(shown):
        raise Unfit("there is nothing of a track")
    longest = _LONGEST_WAIT if track.is_picture else 0.0
    return boxes.Track(
        is_picture=track.is_picture,
        stsd=track.stsd,
        looks=track.looks,
        language=track.language,
        times=timed(shown, Fraction(1, row.scale), row.scale, row.step, longest),
        sizes=np.concatenate(row.sizes),
        places=np.concatenate(row.places),
        keys=np.concatenate(row.keys),
        start=Fraction(0),
    )


def _scale(track: Indexed) -> int:
    """Fine enough that a tick is not seen, and a multiple of the track's own."""
    return track.scale * (-(-_FINEST // track.scale) if track.is_picture else 1)


def _scaled(ticks: Numbers | int, scale: int, wanted: int) -> Numbers:
    if scale == wanted:
        return np.asarray(ticks, np.int64)
    return (np.asarray(ticks, np.int64) * wanted + scale // 2) // scale


def runs(tracks: Sequence[Sequence[Indexed] | None]) -> Iterator[list[int]]:
    """The places of neighbours whose tracks are alike; None is alike nothing and left out."""
    run: list[int] = []
    for place, each in enumerate(tracks):
        before = tracks[run[-1]] if run else None
        if run and (each is None or before is None or not alike(before, each)):
            yield run
            run = []
        if each is not None:
            run.append(place)
    if run:
        yield run
