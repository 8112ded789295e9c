"""Decides which schedules there may be, and knows what is coming."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypedDict
from zoneinfo import ZoneInfo

from control_api.clock import Clock
from control_api.errors import BadInput, Conflict, NotFound
from control_api.schedules.advice import Advice, Around, advise
from control_api.schedules.runs import RunStore
from control_api.schedules.store import ScheduleStore
from control_api.schedules.tables import RunRow
from control_api.schedules.windows import DAY, Calendar, Schedule, Window, starting

MOST_SCHEDULES = 500
_ADVICE_SECONDS = 3600


class Fields(TypedDict, total=False):
    """What a caller says of a schedule; None is the only studio, and the default zone."""

    title: str
    studio: str | None
    weekdays: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo | None
    skip: frozenset[date]
    add: frozenset[date]
    enabled: bool


@dataclass(slots=True)
class _Known:
    """The schedules between two changes; never changed but for the advice that is kept."""

    schedules: Mapping[int, Schedule]
    calendar: Calendar
    calendars: Mapping[str, Calendar]
    advice_hour: float = 0
    around: dict[str, Around] = field(default_factory=dict)
    advice: dict[int, Advice] = field(default_factory=dict)


class ScheduleService:
    """Calls `on_change`, from the thread that changed something, or that saw that another process
    did, after it is in force."""

    def __init__(
        self,
        store: ScheduleStore,
        studios: Sequence[str],
        default_zone: ZoneInfo,
        clock: Clock,
        on_change: Callable[[], object],
        *,
        runs: RunStore,
    ) -> None:
        self.default_zone = default_zone
        self._store = store
        self._studios = tuple(studios)
        self._clock = clock
        self._on_change = on_change
        self._runs = runs
        self._changing = threading.Lock()
        self._advising = threading.Lock()
        self._known = self._load()

    @property
    def calendar(self) -> Calendar:
        """Of every studio; a new one after every change."""
        return self._known.calendar

    def calendar_of(self, studio: str) -> Calendar:
        """Of one studio; a new one after every change."""
        return self._known.calendars.get(studio, _EMPTY)

    def refresh(self) -> None:
        """Take over what other processes have changed. Raises what the database raises."""
        with self._changing:
            is_changed = self._take_over()
        if is_changed:
            self._on_change()

    def all(self, studio: str | None = None) -> list[Schedule]:
        """By id."""
        known = self._known.schedules.values()
        return [each for each in known if studio in (None, each.studio)]

    def get(self, schedule_id: int) -> Schedule:
        """Raises NotFound."""
        try:
            return self._known.schedules[schedule_id]
        except KeyError:
            raise NotFound(f"schedule: there is no {schedule_id}") from None

    def create(self, fields: Fields) -> Schedule:
        """Raises BadInput; Conflict if there are too many."""
        with self._changing:
            self._take_over()
            if len(self._known.schedules) >= MOST_SCHEDULES:
                raise Conflict(f"there are {MOST_SCHEDULES} schedules, as many as may be")
            wanted = self._whole(0, fields)
            self._check(wanted, None)
            schedule_id = self._store.add(wanted, self._clock.now())
            self._known = self._load()
        self._on_change()
        return replace(wanted, id=schedule_id)

    def overwrite(self, schedule_id: int, fields: Fields) -> Schedule:
        """The whole of it. Raises NotFound, BadInput."""
        return self._changed(schedule_id, lambda _: self._whole(schedule_id, fields))

    def change(self, schedule_id: int, fields: Fields) -> Schedule:
        """Some of it. Raises NotFound, BadInput."""
        given = {key: value for key, value in fields.items() if value is not None}
        return self._changed(schedule_id, lambda old: replace(old, **given))  # type: ignore[arg-type]

    def delete(self, schedule_id: int) -> Schedule:
        """Its runs are kept. Raises NotFound."""
        with self._changing:
            self._take_over()
            deleted = self.get(schedule_id)
            self._store.delete(schedule_id)
            self._known = self._load()
        self._on_change()
        return deleted

    def coming(self, count: int, studio: str | None = None) -> list[Window]:
        """The next windows that begin, by start, of all enabled schedules."""
        calendar = self.calendar if studio is None else self.calendar_of(studio)
        return calendar.coming(self._clock.now(), count)

    def coming_of(self, schedule: Schedule, count: int) -> list[Window]:
        """The schedule's next windows that begin; none if it is not enabled."""
        found = starting(schedule, self._clock.now()) if schedule.enabled else ()
        return list(itertools.islice(found, count))

    def advice(self, schedule: Schedule) -> Advice:
        """Kept for an hour, or until something changes."""
        now = self._clock.now()
        hour = now // _ADVICE_SECONDS
        with self._advising:
            known = self._known
            if hour != known.advice_hour:
                known.around, known.advice, known.advice_hour = {}, {}, hour
            if schedule.studio not in known.around:
                calendar = known.calendars.get(schedule.studio, _EMPTY)
                known.around[schedule.studio] = Around(calendar, now)
            around = known.around[schedule.studio]
            if known.schedules.get(schedule.id) != schedule:
                # Changed by somebody else meanwhile: what is kept is for what is in force.
                return advise(schedule, around, now)
            if schedule.id not in known.advice:
                known.advice[schedule.id] = advise(schedule, around, now)
            return known.advice[schedule.id]

    def zone_of(self, schedule_id: int) -> ZoneInfo:
        """The zone of a schedule; the default one if it is deleted."""
        schedule = self._known.schedules.get(schedule_id)
        return schedule.zone if schedule else self.default_zone

    def runs(
        self, limit: int, before: int | None = None, schedule_id: int | None = None
    ) -> Sequence[RunRow]:
        """Newest first, also of deleted schedules. Raises NotFound if there was no such."""
        if schedule_id is None:
            return self._runs.newest(limit, before)
        if schedule_id not in self._known.schedules and not self._runs.newest(
            1, schedule_id=schedule_id
        ):
            raise NotFound(f"schedule: there is no {schedule_id}, and no run of it")
        return self._runs.newest(limit, before, schedule_id=schedule_id)

    def seconds_until(self, now: float, horizon: float = DAY) -> Mapping[str, float]:
        """Studio -> seconds of [now, now + horizon) in which some window of it is."""
        totals = dict.fromkeys(self._studios, 0.0)
        counted = dict.fromkeys(self._studios, now)
        for each in self.calendar.between(now, now + horizon):
            begin = max(each.start, counted.get(each.studio, now))
            end = min(each.end, now + horizon)
            if end > begin:
                totals[each.studio] = totals.get(each.studio, 0.0) + end - begin
                counted[each.studio] = end
        return totals

    def next_start(self, studio: str) -> float | None:
        """When the studio's next window begins."""
        return next((each.start for each in self.coming(1, studio)), None)

    def _changed(self, schedule_id: int, make: Callable[[Schedule], Schedule]) -> Schedule:
        with self._changing:
            self._take_over()
            old = self.get(schedule_id)
            wanted = make(old)
            self._check(wanted, old)
            self._store.change(wanted, self._clock.now())
            self._known = self._load()
        self._on_change()
        return wanted

    def _whole(self, schedule_id: int, fields: Fields) -> Schedule:
        given = dict(fields)
        given["studio"] = fields.get("studio") or self._only_studio()
        given["zone"] = fields.get("zone") or self.default_zone
        return Schedule(id=schedule_id, **given)  # type: ignore[arg-type]

    def _only_studio(self) -> str:
        if len(self._studios) != 1:
            raise BadInput(f"studio: needed, since there is not exactly one; {self._there_are}")
        return self._studios[0]

    @property
    def _there_are(self) -> str:
        return f"there are: {', '.join(self._studios) or 'none'}"

    def _check(self, wanted: Schedule, old: Schedule | None) -> None:
        is_switched_on = wanted.enabled and not (old and old.enabled)
        is_moved = old is None or old.studio != wanted.studio
        # Of a studio that the configuration no longer has, a schedule can still be switched off.
        if (is_moved or is_switched_on) and wanted.studio not in self._studios:
            raise BadInput(f"studio: there is no {wanted.studio!r}; {self._there_are}")
        if wanted.start == wanted.end:
            raise BadInput(
                "end: the same as start; for a whole day write start 00:00 and end 24:00"
            )
        same_times = old is not None and _times(old) == _times(wanted)
        if (not same_times or is_switched_on) and not self._can_fire(wanted):
            raise BadInput(_NEVER)

    def _can_fire(self, wanted: Schedule) -> bool:
        now = self._clock.now()
        calendar = Calendar([replace(wanted, enabled=True)])
        return bool(calendar.at(now) or calendar.coming(now, 1))

    def _take_over(self) -> bool:
        """Read the schedules; whether they differ from what was in force."""
        known = self._load()
        is_changed = known.schedules != self._known.schedules
        if is_changed:
            self._known = known
        return is_changed

    def _load(self) -> _Known:
        schedules = self._store.all(self.default_zone)
        studios = {each.studio for each in schedules}
        return _Known(
            {each.id: each for each in schedules},
            Calendar(schedules),
            {
                studio: Calendar(each for each in schedules if each.studio == studio)
                for studio in studios
            },
        )


_EMPTY = Calendar(())
_NEVER = (
    "weekdays, skip and add: it would never record; needed is a weekday with a date within 400 "
    "days that is not in skip, or a date in add that is not past and not in skip"
)


def _times(schedule: Schedule) -> object:
    return replace(schedule, title="", studio="", enabled=True)
