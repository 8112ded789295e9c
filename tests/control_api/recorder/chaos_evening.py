"""Random evenings on the virtual clock: windows, at least three faults at once, operators' acts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from control_api.schedules.windows import Schedule
from tests.control_api.recorder.simulation import STUDIO
from tests.control_api.recorder.wall_windows import bounds

SECONDS = 480
BEFORE = 60
"""Seconds from an evening's beginning to the first moment at which a window may begin."""
EDGE_SECONDS = 2
HOURS = 7200

# Ordinary evenings, midnight, and the nights on which the clock is set.
_MOMENTS = [
    ("Europe/Berlin", datetime(2026, 11, 20, 20, 0)),
    ("Europe/Berlin", datetime(2026, 11, 20, 23, 58)),
    ("Europe/Berlin", datetime(2026, 3, 29, 1, 58)),
    ("Europe/Berlin", datetime(2026, 10, 25, 2, 58)),
    ("America/New_York", datetime(2026, 3, 8, 1, 58)),
    ("UTC", datetime(2026, 11, 20, 20, 0)),
]
FAULTS = (
    "recorder killed",
    "recorder stopped",
    "obs killed",
    "obs hangs",
    "obs refuses",
    "disk full",
    "clock",
    "disabled",
    "earlier",
    "later",
    "late",
    "title",
)
EDITS = frozenset({"disabled", "earlier", "later", "late"})
"""Faults that change what a schedule asks for."""
ACTS = ("start", "stop", "extend", "schedule")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong, or changed, in [at, at + seconds) of an evening.

    `amount` is by how many seconds the clock, or the end of `schedule`, is moved.
    """

    kind: str
    at: int
    seconds: int
    amount: int
    schedule: int

    def holds(self, at: int) -> bool:
        return self.at <= at < self.at + self.seconds


@dataclass(frozen=True, slots=True)
class Act:
    """What an operator does; `seconds` is for how long, or how much longer."""

    kind: str
    at: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """An evening of SECONDS from `begin` (Unix seconds) on."""

    begin: int
    schedules: tuple[Schedule, ...]
    faults: tuple[Fault, ...]
    acts: tuple[Act, ...]


@st.composite
def evenings(draw: st.DrawFn) -> Drawn:
    """At least three faults overlap, and the first of them begins near a window's edge."""
    name, local = draw(st.sampled_from(_MOMENTS))
    zone = ZoneInfo(name)
    begin = int(local.replace(tzinfo=zone).timestamp()) - BEFORE
    first = _schedule(draw, 1, local, zone, (0, 90, 180))
    schedules = [first]
    if draw(st.booleans()):
        schedules.append(_schedule(draw, 2, local, zone, (-HOURS, HOURS, 600)))
    edge = draw(st.sampled_from(bounds(first, local.date()))) - begin
    near = min(max(edge, EDGE_SECONDS), SECONDS - 60) + draw(st.integers(-EDGE_SECONDS, 2))
    kinds = draw(st.lists(st.sampled_from(FAULTS), min_size=3, max_size=5, unique=True))
    anchor = _fault(draw, kinds[0], near)
    common = near + draw(st.integers(0, anchor.seconds - 1))
    more = [_around(draw, kind, common) for kind in kinds[1:]]
    later = draw(st.lists(st.sampled_from(FAULTS), max_size=3))
    alone = [_fault(draw, kind, draw(st.integers(5, SECONDS - 60))) for kind in later]
    acts = draw(st.lists(_acts(), max_size=4))
    return Drawn(begin, tuple(schedules), (anchor, *more, *alone), tuple(acts))


def changed(schedule: Schedule, faults: tuple[Fault, ...], at: int) -> Schedule | None:
    """The schedule as somebody has edited it by then; None if it does not exist yet."""
    for fault in faults:
        is_its_own = fault.schedule == schedule.id
        if is_its_own and fault.kind == "late" and at < fault.at + fault.seconds:
            return None
        if is_its_own and fault.holds(at):
            schedule = _edited(schedule, fault)
    return schedule


def _edited(schedule: Schedule, fault: Fault) -> Schedule:
    length = (schedule.end - schedule.start) % 86_400
    by = max(1, min(abs(fault.amount), length - 1))
    if fault.kind == "disabled":
        return replace(schedule, enabled=False)
    if fault.kind == "title":
        return replace(schedule, title=f"{schedule.title}, renamed")
    if fault.kind == "earlier":
        return replace(schedule, end=_of_day(schedule.end - by))
    return replace(schedule, end=_of_day(schedule.end + by)) if fault.kind == "later" else schedule


def _schedule(
    draw: st.DrawFn, number: int, local: datetime, zone: ZoneInfo, reach: tuple[int, int, int]
) -> Schedule:
    earliest, latest, longest = reach
    base = local.hour * 3600 + local.minute * 60
    start = (base + draw(st.integers(earliest, latest))) % 86_400
    end = _of_day(start + draw(st.integers(20, longest)))
    every_day: frozenset[int] = frozenset(range(7))
    no_day: frozenset[date] = frozenset()
    return Schedule(number, f"act {number}", STUDIO, every_day, start, end, zone, skip=no_day)


def _fault(draw: st.DrawFn, kind: str, at: int) -> Fault:
    seconds = draw(st.integers(1, 30))
    limit = HOURS if kind == "clock" else 60
    amount = draw(st.one_of(st.integers(-90, 90), st.integers(-limit, limit)))
    return Fault(kind, at, seconds, amount, draw(st.integers(1, 2)))


def _around(draw: st.DrawFn, kind: str, moment: int) -> Fault:
    """A fault that holds at the moment."""
    fault = _fault(draw, kind, moment)
    return replace(fault, at=max(1, moment - draw(st.integers(0, fault.seconds - 1))))


def _acts() -> st.SearchStrategy[Act]:
    return st.builds(Act, st.sampled_from(ACTS), st.integers(5, SECONDS - 60), st.integers(5, 120))


def _of_day(seconds: int) -> int:
    return seconds % 86_400 or 86_400
