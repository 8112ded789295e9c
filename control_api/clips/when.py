"""From what people say (20:31:10, or seconds into the video) to seconds into files. Pure.

A clock time is local; one that comes twice in a night is the first unless it has an offset. An end
that is not after the start is on the next day. A time inside a pause is in no file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from control_api.errors import BadInput

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,7}(?:\.\d{1,6})?", re.ASCII)
_ALLOWED = "seconds into the video, a clock time HH:MM[:SS], or an ISO time with its date"
_JUST_OVER = 1e-6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece without a pause: `length` seconds from `offset` in the file, shot at `wall`."""

    offset: float
    wall: float
    length: float


@dataclass(frozen=True, slots=True)
class Footage:
    """One video; without stretches nobody knows when it was shot."""

    id: str
    duration: float
    stretches: tuple[Stretch, ...]

    @property
    def begin(self) -> float:
        return self.stretches[0].wall

    @property
    def end(self) -> float:
        last = self.stretches[-1]
        return last.wall + last.length


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) of one video, in seconds into it."""

    id: str
    start: float
    end: float


def footage(
    id: str, duration: float, start: float | None, anchors: Sequence[Sequence[float]]
) -> Footage:
    """A video of which `anchors` say when it goes on after each pause, as (offset, Unix time)."""
    known = [(at, wall) for at, wall in anchors] or ([] if start is None else [(0.0, start)])
    if not known:
        return Footage(id, duration, ())
    ends = [*(at for at, _ in known[1:]), duration]
    pieces = (Stretch(at, wall, end - at) for (at, wall), end in zip(known, ends, strict=True))
    return Footage(id, duration, tuple(piece for piece in pieces if piece.length > 0))


def in_one(video: Footage, start: str | float, end: str | float, zone: tzinfo) -> Span:
    """The span of one video. Raises BadInput that says what is allowed."""
    begin = _offset(video, start, zone, "start", None)
    after = _wall(video, begin) if video.stretches else None
    finish = _offset(video, end, zone, "end", after)
    _check(begin, finish, video.duration)
    return Span(video.id, begin, min(finish, video.duration))


def in_evening(videos: Sequence[Footage], start: str, end: str, zone: tzinfo) -> list[Span]:
    """The spans of the videos of one studio, oldest first, over their seams if need be."""
    shot = [video for video in videos if video.stretches]
    if not shot:
        raise BadInput("start: there is no video of this studio whose time is known")
    begin = _newest(start, zone, "start", shot)
    finish = _after(end, zone, begin)
    spans = [span for video in shot for span in _overlap(video, begin, finish)]
    _need_inside(shot, begin, "start", start)
    _need_inside(shot, finish - _JUST_OVER, "end", end)
    return spans


def offset_said(given: str | float) -> float | None:
    """Seconds, where no clock time is meant."""
    if isinstance(given, float | int) or _SECONDS.fullmatch(given):
        return float(given)
    return None


def moments(given: str, zone: tzinfo, field: str, begin: float, length: float) -> list[float]:
    """The moments on the dates of a stretch that a clock time may mean. Raises BadInput."""
    return _walls(given, zone, field, begin, begin + length)


def _offset(
    video: Footage, given: str | float, zone: tzinfo, field: str, after: float | None
) -> float:
    if (seconds := offset_said(given)) is not None:
        return seconds
    assert isinstance(given, str)
    if not video.stretches:
        raise BadInput(f"{field}: {given!r}: when this video was shot is not known; give seconds")
    if after is not None:
        walls = [_after(given, zone, after)]
    else:
        walls = _walls(given, zone, field, video.begin, video.end)
    for wall in walls:
        if (offset := _inside(video, wall, is_end=field == "end")) is not None:
            return offset
    shown = " to ".join(_shown(wall, zone) for wall in (video.begin, video.end))
    why = "is in a pause of" if any(video.begin <= w <= video.end for w in walls) else "is not in"
    raise BadInput(f"{field}: {given!r} {why} this video, which goes from {shown}")


def _inside(video: Footage, wall: float, *, is_end: bool) -> float | None:
    for piece in video.stretches:
        passed = wall - piece.wall
        if 0 <= passed < piece.length or (is_end and 0 < passed <= piece.length + _JUST_OVER):
            return piece.offset + min(passed, piece.length)
    return None


def _wall(video: Footage, offset: float) -> float:
    piece = max((p for p in video.stretches if p.offset <= offset), key=lambda p: p.offset)
    return piece.wall + offset - piece.offset


def _check(start: float, end: float, duration: float) -> None:
    if end <= start:
        raise BadInput(f"end: {end:g} s is not after start, {start:g} s")
    for field, at, is_outside in (
        ("start", start, start >= duration),
        ("end", end, end > duration + 1),
    ):
        if is_outside:
            raise BadInput(f"{field}: {at:g} s: the video has {duration:.3f} s")


def _walls(given: str, zone: tzinfo, field: str, begin: float, end: float) -> list[float]:
    """The moments that it may mean, on each date from `begin` to `end`."""
    if clock := _clock(given):
        first = datetime.fromtimestamp(begin, zone).date() - timedelta(1)
        days = int((end - begin) // 86_400) + 3
        return [_moment(first + timedelta(n), clock, zone) for n in range(days)]
    return [_iso(given, zone, field)]


def _newest(given: str, zone: tzinfo, field: str, shot: Sequence[Footage]) -> float:
    """The latest moment that it may mean and that is in one of them."""
    begin, end = min(v.begin for v in shot), max(v.end for v in shot)
    walls = _walls(given, zone, field, max(begin, end - 40 * 86_400), end)
    there = [w for w in walls if any(_inside(v, w, is_end=False) is not None for v in shot)]
    return max(there, default=walls[-1])


def _after(given: str, zone: tzinfo, begin: float) -> float:
    """The first moment after `begin` that it may mean."""
    if clock := _clock(given):
        day = datetime.fromtimestamp(begin, zone).date()
        walls = (_moment(day + timedelta(n), clock, zone) for n in (-1, 0, 1, 2))
        return next(wall for wall in walls if wall > begin)
    wall = _iso(given, zone, "end")
    if wall <= begin:
        raise BadInput(f"end: {given!r} is not after the start")
    return wall


def _overlap(video: Footage, begin: float, finish: float) -> list[Span]:
    spans = []
    for piece in video.stretches:
        first, last = max(begin, piece.wall), min(finish, piece.wall + piece.length)
        if last > first:
            shift = piece.offset - piece.wall
            spans.append(Span(video.id, first + shift, last + shift))
    return spans


def _need_inside(shot: Sequence[Footage], wall: float, field: str, given: str) -> None:
    if not any(_inside(video, wall, is_end=False) is not None for video in shot):
        raise BadInput(f"{field}: {given!r} is in no recording of this studio")


def _clock(given: str) -> tuple[int, int, int, int] | None:
    found = _CLOCK.fullmatch(given)
    if found is None:
        return None
    hour, minute, second, part = found.groups()
    if int(hour) > 23:
        raise BadInput(f"{given!r} is no clock time; from 00:00 to 23:59:59")
    return int(hour), int(minute), int(second or 0), int((part or "0").ljust(6, "0"))


def _moment(day: date, clock: tuple[int, int, int, int], zone: tzinfo) -> float:
    return datetime.combine(day, time(*clock), zone).timestamp()


def _iso(given: str, zone: tzinfo, field: str) -> float:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise BadInput(f"{field}: {given[:50]!r} is none of {_ALLOWED}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _shown(wall: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M:%S")
