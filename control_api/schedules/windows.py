"""When a schedule records: pure functions from what it says to windows of Unix seconds.

* The weekday, `skip` and `add` mean the local date of the start. A date in both is skipped.
* Start and end are local wall times: 19:50 is 19:50 on both sides of a night on which the clock is
  set, so a window over such a night is an hour longer or shorter. `24:00` is the end of the date;
  an end that is not after the start is on the next date.
* A local time that comes twice (clock set back) is the first of the two.
* A start that does not exist (clock set forward) is the moment the clock jumps. An end that does
  not exist is counted with the offset before the jump: 02:30 is 30 minutes after it.
* A window that would be empty by that (02:30 to 03:00, on the night on which 03:00 follows 02:00)
  lasts as long as usual, from the jump.
* A date that a zone left out altogether (Pacific/Apia, 2011-12-30) has no window.

Two windows of one schedule may overlap for a while: one to 02:30 of a night without 02:30 and one
from 03:00 on.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 86_400
SEARCHED_DAYS = 400
"""How far ahead weekdays are searched; dates that are added are found however far they are."""

_LONGEST = 4 * DAY
"""More than what can lie between the UTC midnight of a window's date and its end."""


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open [start, end) in Unix seconds; `date` is the local date of the start."""

    schedule_id: int
    studio: str
    title: str
    start: float
    end: float
    date: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a row says. Monday is 0; start and end are local seconds of the day, end up to 86400."""

    id: int
    title: str
    studio: str
    weekdays: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo
    skip: frozenset[date] = frozenset()
    add: frozenset[date] = frozenset()
    enabled: bool = True

    @property
    def usual_seconds(self) -> int:
        """How long a window lasts on a day on which no clock is set."""
        return self.end - self.start + (DAY if self.end <= self.start else 0)


class Calendar:
    """The enabled ones of these schedules; asked every second, so the windows near are kept."""

    def __init__(self, schedules: Iterable[Schedule]) -> None:
        self.schedules: Sequence[Schedule] = tuple(each for each in schedules if each.enabled)
        self._near: tuple[float, float, Sequence[Window]] = (0, 0, ())

    def at(self, moment: float) -> list[Window]:
        """The windows that contain the moment, by start."""
        return [each for each in self._around(moment) if each.start <= moment < each.end]

    def coming(self, after: float, count: int) -> list[Window]:
        """The next windows that begin at or after, by start."""
        near = [each for each in self._around(after) if each.start >= after]
        if len(near) >= count:
            return near[:count]
        each = (starting(schedule, after) for schedule in self.schedules)
        return list(itertools.islice(_merged(each), count))

    def between(self, after: float, before: float) -> list[Window]:
        """The windows that overlap [after, before), by start."""
        if before - after > DAY:
            return self._find(after, before)
        return [each for each in self._around(after) if each.start < before and each.end > after]

    def _around(self, moment: float) -> Sequence[Window]:
        """The windows of the day that follows the moment, at least."""
        first, last, found = self._near
        if not first <= moment <= last - DAY:
            first = moment // DAY * DAY
            last = first + 2 * DAY
            found = self._find(first, last)
            # One assignment: other threads see the old days or the new ones.
            self._near = (first, last, found)
        return found

    def _find(self, after: float, before: float) -> list[Window]:
        return list(_merged(windows(schedule, after, before) for schedule in self.schedules))


def windows(schedule: Schedule, after: float, before: float) -> Iterator[Window]:
    """All windows that overlap [after, before), by start; enabled or not."""
    for day in _dates(schedule, _utc_date(after - _LONGEST), _utc_date(before + DAY)):
        window = on(schedule, day)
        if window and window.start < before and window.end > after:
            yield window


def at(schedules: Iterable[Schedule], moment: float) -> list[Window]:
    """The enabled windows that contain the moment, by start."""
    return Calendar(schedules).at(moment)


def coming(schedules: Iterable[Schedule], after: float, count: int) -> list[Window]:
    """The next enabled windows that begin at or after, by start."""
    return Calendar(schedules).coming(after, count)


def starting(schedule: Schedule, after: float) -> Iterator[Window]:
    """Its windows that begin at or after, by start; enabled or not."""
    searched = after + SEARCHED_DAYS * DAY
    near = (each for each in windows(schedule, after, searched) if each.start >= after)
    # An added date may be years ahead.
    last = max(schedule.add, default=date.min)
    added = replace(schedule, weekdays=frozenset())
    far = (on(added, day) for day in _dates(added, _utc_date(searched - _LONGEST), last))
    return itertools.chain(near, (each for each in far if each and each.start >= searched))


def on(schedule: Schedule, day: date) -> Window | None:
    """The window of this date, whatever weekday it is; None if the zone left the date out."""
    start = _begin(day, schedule.start, schedule.zone)
    if start is None:
        return None
    length = schedule.usual_seconds
    end = wall(day, schedule.start + length).replace(tzinfo=schedule.zone).timestamp()
    if end <= start:
        end = start + length
    return Window(schedule.id, schedule.studio, schedule.title, start, end, day.isoformat())


def wall(day: date, seconds: int) -> datetime:
    """What a clock on the wall shows so many seconds into the date."""
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def change(shown: datetime, zone: ZoneInfo) -> float:
    """0 for a plain wall time; > 0: seconds of the jump that leaves it out; < 0: it comes twice."""
    first, second = (shown.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert first is not None
    assert second is not None
    return (second - first).total_seconds()


def _begin(day: date, seconds: int, zone: ZoneInfo) -> float | None:
    shown = wall(day, seconds)
    jump = change(shown, zone)
    # Without a fold, zoneinfo takes the first of two, and the offset before a gap.
    moment = shown.replace(tzinfo=zone).timestamp()
    if jump <= 0:
        return moment
    jumped = _jump(moment - jump, moment, zone)
    gap_end = datetime.fromtimestamp(jumped, zone).replace(tzinfo=None)
    gap_start = gap_end - timedelta(seconds=jump)
    is_left_out = gap_start <= wall(day, 0) and wall(day, DAY) <= gap_end
    return None if is_left_out else jumped


def _jump(before: float, after: float, zone: ZoneInfo) -> float:
    """The moment within (before, after] at which the clock is set."""
    old = datetime.fromtimestamp(before, zone).utcoffset()
    low, high = int(before), int(after)
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return float(high)


def _dates(schedule: Schedule, first: date, last: date) -> Iterator[date]:
    """Those of first to last on which it records, in order."""
    if not schedule.weekdays:
        yield from sorted(day for day in schedule.add - schedule.skip if first <= day <= last)
        return
    for day in map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1)):
        wanted = day.weekday() in schedule.weekdays or day in schedule.add
        if wanted and day not in schedule.skip:
            yield day


def _merged(each: Iterable[Iterator[Window]]) -> Iterator[Window]:
    return heapq.merge(*each, key=lambda window: (window.start, window.schedule_id))


def _utc_date(moment: float) -> date:
    return date.min + timedelta(days=moment // DAY + _EPOCH)


_EPOCH = (date(1970, 1, 1) - date.min).days
