"""The plan: everything that says when a studio records, in memory and independent of any database.

It holds the schedules as they were last read, the operators' overrides and extensions, and the
settings that matter for recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from control_api.recorder.desired_state import WindowKey, key_of
from control_api.schedules.windows import Calendar, Schedule, Window

_EMPTY = Calendar(())


class PlannedSchedule(msgspec.Struct, frozen=True):
    """A schedule as it is kept: what the database says, and since when it says so (Unix seconds).

    Monday is 0; `start` and `end` are local seconds of the day; dates are `YYYY-MM-DD`.
    `begins_since` is since when its windows begin as they do, where only their end was moved.
    `created_at` tells it from another schedule that was given the same number, `saved_at` from its
    own older versions; both are 0 in a plan that was kept before they were.
    """

    number: int
    title: str
    studio: str
    weekdays: tuple[int, ...]
    start: int
    end: int
    timezone: str
    skip: tuple[str, ...]
    add: tuple[str, ...]
    enabled: bool
    changed_at: float
    begins_since: float | None = None
    created_at: float = 0.0
    saved_at: float = 0.0

    def as_schedule(self) -> Schedule:
        """The same with zone and dates. Raises ZoneInfoNotFoundError for an unknown zone."""
        return Schedule(
            id=self.number,
            title=self.title,
            studio=self.studio,
            weekdays=frozenset(self.weekdays),
            start=self.start,
            end=self.end,
            zone=ZoneInfo(self.timezone),
            skip=frozenset(map(date.fromisoformat, self.skip)),
            add=frozenset(map(date.fromisoformat, self.add)),
            enabled=self.enabled,
        )

    def says_the_same(self, other: PlannedSchedule) -> bool:
        """Whether both ask for the same windows, whatever they are called."""
        return self.begins_the_same(other) and self.end == other.end

    def begins_the_same(self, other: PlannedSchedule) -> bool:
        """Whether the windows of both begin at the same moments, wherever they end."""
        return self._bare() == other._bare()

    def _bare(self) -> PlannedSchedule:
        return msgspec.structs.replace(
            self,
            title="",
            end=0,
            changed_at=0.0,
            begins_since=None,
            created_at=0.0,
            saved_at=0.0,
        )

    @property
    def begins_from(self) -> float:
        """Since when its windows begin as they do."""
        return self.changed_at if self.begins_since is None else self.begins_since


class Extension(msgspec.Struct, frozen=True):
    """A later end of one window that an operator asked for."""

    schedule_id: int
    date: str
    until: float
    by: str

    @property
    def key(self) -> WindowKey:
        return self.schedule_id, self.date


class Settings(msgspec.Struct, frozen=True):
    """The settings that matter for recording: seconds at most by hand, titles by studio."""

    max_duration: float = 43_200.0
    titles: dict[str, str] = {}


class Replacement(msgspec.Struct, frozen=True):
    """Another database, or an older copy, was found in the place of the plan's (Unix seconds)."""

    since: float
    detail: str
    is_older: bool


class PlanData(msgspec.Struct, frozen=True):
    """What is kept of a plan. `database` is the identity of the database that it was read from.

    `signed` is how often a plan was noted there: a copy from before that has a lower number.
    """

    schedules: tuple[PlannedSchedule, ...] = ()
    settings: Settings = Settings()
    database: str = ""
    revision: str = ""
    signed: int = 0
    replacement: Replacement | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedules of a plan as calendars; immutable, a change makes another one."""

    data: PlanData
    calendars: Mapping[str, Calendar]

    def windows(
        self, studio: str, extensions: Iterable[Extension], after: float, before: float
    ) -> list[Window]:
        """The studio's windows that overlap [after, before), with their extended ends."""
        later = {extension.key: extension.until for extension in extensions}
        longest = max((until for until in later.values()), default=0.0)
        calendar = self.calendars.get(studio, _EMPTY)
        # An extended window overlaps although it has ended by its schedule.
        reach = min([after, *(_begin(key) for key in later)]) if longest > after else after
        extended = (
            replace(each, end=max(each.end, later.get(key_of(each), each.end)))
            for each in calendar.between(reach, before)
        )
        return [each for each in extended if each.start < before and each.end > after]

    def wanted_from(self, schedule_id: int) -> float:
        """Since when a schedule asks for what it asks for now; 0 for one that is gone."""
        found = (s.changed_at for s in self.data.schedules if s.number == schedule_id)
        return next(found, 0.0)

    def begins_from(self, schedule_id: int) -> float:
        """Since when a schedule's windows begin as they do now; 0 for one that is gone."""
        found = (s.begins_from for s in self.data.schedules if s.number == schedule_id)
        return next(found, 0.0)


def _begin(key: WindowKey) -> float:
    """A moment before the window of that date begins in any zone."""
    return (date.fromisoformat(key[1]) - date(1970, 1, 1)).days * 86_400.0 - 86_400.0


def plan_of(data: PlanData) -> Plan:
    """The calendars of a plan; a schedule of an unknown time zone is left out."""
    schedules = [each for each in map(_usable, data.schedules) if each is not None]
    studios = {each.studio for each in schedules}
    calendars = {
        name: Calendar(each for each in schedules if each.studio == name) for name in studios
    }
    return Plan(data, calendars)


def merged(old: PlanData | None, new: Sequence[PlannedSchedule]) -> tuple[PlannedSchedule, ...]:
    """The new schedules; those that ask for the same as before keep the time since when they do."""
    known = {each.number: each for each in (old.schedules if old else ())}
    return tuple(_merged(known.get(each.number), each) for each in new)


def _merged(old: PlannedSchedule | None, new: PlannedSchedule) -> PlannedSchedule:
    if old is None or not old.begins_the_same(new):
        return new
    if not old.says_the_same(new):
        return msgspec.structs.replace(new, begins_since=old.begins_from)
    changed_at = min(old.changed_at, new.changed_at)
    return msgspec.structs.replace(new, changed_at=changed_at, begins_since=old.begins_since)


def _usable(planned: PlannedSchedule) -> Schedule | None:
    try:
        return planned.as_schedule()
    except (ValueError, OSError, LookupError):
        return None
