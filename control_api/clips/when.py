"""From what people say (20:31:10, or seconds into the video) to seconds into files. Pure.

A clock time is local; one that comes twice in a night is the first unless it has an offset. An end
that is not after the start is on the next day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from control_api.errors import BadInput
from control_api.timeline.footage import Footage

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,7}(?:\.\d{1,6})?", re.ASCII)
_ALLOWED = "seconds into the video, a clock time HH:MM[:SS], or an ISO time with its date"
_JUST_OVER = 1e-6
_SEARCHED_DAYS = 40
"""How long before the newest video a clock time without a date is searched."""


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) of one video, in seconds into it."""

    id: str
    start: float
    end: float
    wall: float | None = field(default=None, compare=False)
    """When it was filmed, where that is known."""

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Asked:
    """The span that is meant, and the moments asked for by the clock; None: by seconds, or the
    time of the video is not known."""

    span: Span
    begin: float | None
    end: float | None


def in_one(video: Footage, start: str | float, end: str | float, zone: tzinfo) -> Asked:
    """The span of one video between two times.

    A start inside a pause is moved to the end of the pause, an end to its beginning. Raises
    BadInput, which says what is allowed.
    """
    begin, asked_begin = _offset(video, start, zone, "start", None)
    after = asked_begin if asked_begin is not None else video.wall_at(begin)
    finish, asked_end = _offset(video, end, zone, "end", after)
    if None not in (asked_begin, asked_end) and finish <= begin:
        raise BadInput(f"start: from {start!r} to {end!r} nothing was recorded: it is in a pause")
    _check(begin, finish, video.duration)
    finish = min(finish, video.duration)
    walls = asked_begin, asked_end if asked_end is not None else video.wall_at(finish)
    return Asked(Span(video.id, begin, finish, video.wall_at(begin)), *walls)


def offset_at(video: Footage, at: str, zone: tzinfo, field: str) -> float:
    """Seconds into one video. Raises BadInput, also for a clock time in a pause."""
    offset, wall = _offset(video, at, zone, field, None)
    if wall is not None and _inside(video, wall, is_end=False) is None:
        raise _outside(video, at, [wall], zone, field)
    return offset


def ranges(start: str, end: str, zone: tzinfo, newest: float) -> list[tuple[float, float]]:
    """The ranges [begin, end) of time that may be meant, the latest first; `newest` is when the
    latest video ends. Raises BadInput."""
    begins = _walls(start, zone, "start", newest - _SEARCHED_DAYS * 86_400, newest)
    if len(begins) == 1:
        return [(begins[0], _after(end, zone, begins[0]))]
    pairs = [(begin, _first_after(end, zone, begin)) for begin in reversed(begins)]
    found = [(begin, finish) for begin, finish in pairs if finish is not None]
    if not found:
        raise BadInput(f"end: {end!r} is not after the start")
    return found


def in_range(
    start: str, end: str, zone: tzinfo, first: float, last: float, *, goes_on: bool = False
) -> tuple[float, float]:
    """The range [begin, end) that is meant within [first, last); where it `goes_on`, the end may be
    after that. Raises BadInput."""
    begins = _walls(start, zone, "start", first, last)
    begin = next((wall for wall in begins if first <= wall < last), None)
    if begin is None:
        raise BadInput(f"start: {start!r} is not in {_shown_range(first, last, zone)}")
    finish = _after(end, zone, begin)
    if goes_on:
        return begin, finish
    if finish > last + 1:
        raise BadInput(f"end: {end!r} is not in {_shown_range(first, last, zone)}")
    return begin, min(finish, last)


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
) -> tuple[float, float | None]:
    """Seconds into the video, and the clock time that was meant if it was one."""
    if (seconds := offset_said(given)) is not None:
        return seconds, None
    assert isinstance(given, str)
    if not video.stretches:
        raise BadInput(f"{field}: {given!r}: when this video was shot is not known; give seconds")
    if after is not None:
        walls = [_after(given, zone, after)]
    else:
        walls = _walls(given, zone, field, video.begin, video.end)
    is_end = field == "end"
    for place in (_inside, _beside):
        for wall in walls:
            if (offset := place(video, wall, is_end=is_end)) is not None:
                return offset, wall
    raise _outside(video, given, walls, zone, field)


def _outside(
    video: Footage, given: str, walls: Sequence[float], zone: tzinfo, field: str
) -> BadInput:
    shown = _shown_range(video.begin, video.end, zone).removeprefix("what ")
    why = "is in a pause of" if any(video.begin <= w <= video.end for w in walls) else "is not in"
    return BadInput(f"{field}: {given!r} {why} this video, which {shown}")


def _inside(video: Footage, wall: float, *, is_end: bool) -> float | None:
    for piece in video.stretches:
        passed = wall - piece.wall
        if 0 <= passed < piece.length or (is_end and 0 < passed <= piece.length + _JUST_OVER):
            return piece.offset + min(passed, piece.length)
    return None


def _beside(video: Footage, wall: float, *, is_end: bool) -> float | None:
    """The place that is nearest to a moment in a pause: before it for an end, else after it."""
    for before, after in zip(video.stretches, video.stretches[1:], strict=False):
        if before.end <= wall <= after.wall:
            return before.offset + before.length if is_end else after.offset
    return None


def _check(start: float, end: float, duration: float) -> None:
    if end <= start:
        raise BadInput(f"end: {end:g} s is not after start, {start:g} s")
    for name, at, is_outside in (
        ("start", start, start >= duration),
        ("end", end, end > duration + 1),
    ):
        if is_outside:
            raise BadInput(f"{name}: {at:g} s: the video has {duration:.3f} s")


def _walls(given: str, zone: tzinfo, field: str, begin: float, end: float) -> list[float]:
    """The moments that it may mean, on each date from `begin` to `end`."""
    if clock := _clock(given, field):
        first = datetime.fromtimestamp(begin, zone).date() - timedelta(1)
        days = int((end - begin) // 86_400) + 3
        return [_moment(first + timedelta(n), clock, zone) for n in range(days)]
    return [_iso(given, zone, field)]


def _after(given: str, zone: tzinfo, begin: float) -> float:
    """The first moment after `begin` that it may mean."""
    wall = _first_after(given, zone, begin)
    if wall is None:
        raise BadInput(f"end: {given!r} is not after the start")
    return wall


def _first_after(given: str, zone: tzinfo, begin: float) -> float | None:
    if clock := _clock(given, "end"):
        day = datetime.fromtimestamp(begin, zone).date()
        walls = (_moment(day + timedelta(n), clock, zone) for n in (-1, 0, 1, 2))
        return next(wall for wall in walls if wall > begin)
    wall = _iso(given, zone, "end")
    return wall if wall > begin else None


def _clock(given: str, field: str) -> tuple[int, int, int, int] | None:
    found = _CLOCK.fullmatch(given)
    if found is None:
        return None
    hour, minute, second, part = found.groups()
    if int(hour) > 23:
        raise BadInput(f"{field}: {given!r} is no clock time; from 00:00 to 23:59:59")
    return int(hour), int(minute), int(second or 0), int((part or "0").ljust(6, "0"))


def _moment(day: date, clock: tuple[int, int, int, int], zone: tzinfo) -> float:
    return datetime.combine(day, time(*clock), zone).timestamp()


def _iso(given: str, zone: tzinfo, field: str) -> float:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise BadInput(f"{field}: {given[:50]!r} is none of {_ALLOWED}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _shown_range(first: float, last: float, zone: tzinfo) -> str:
    return f"what goes from {_shown(first, zone)} to {_shown(last, zone)}"


def _shown(wall: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M:%S")
