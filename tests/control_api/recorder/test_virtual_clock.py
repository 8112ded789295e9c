"""Random evenings: OBS records what it should, whatever crashes, at any second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
from hypothesis import strategies as st

from control_api.schedules.windows import Schedule
from tests.control_api.recorder.simulation import STUDIO, Evening
from tests.control_api.recorder.wall_windows import bounds, fires
from tests.soak import is_soak

LATE = 5
"""Seconds that each start, stop and outage may cost."""
MINUTES = 45

# Each evening surrounds a moment: an ordinary one, midnight, and the nights the clock is set.
MOMENTS = [
    ("Europe/Berlin", datetime(2026, 11, 20, 20, 0)),
    ("Europe/Berlin", datetime(2026, 11, 21, 0, 0)),
    ("Europe/Berlin", datetime(2026, 3, 29, 1, 55)),
    ("Europe/Berlin", datetime(2026, 10, 25, 2, 50)),
    ("America/New_York", datetime(2026, 3, 8, 1, 55)),
    ("America/New_York", datetime(2026, 11, 1, 1, 50)),
]

Happening = tuple[int, str, int]


@st.composite
def evenings(draw: st.DrawFn) -> tuple[float, list[Schedule], list[Happening]]:
    """When it begins, the schedules, and what happens: (second, what, for how long)."""
    name, local = draw(st.sampled_from(MOMENTS))
    zone = ZoneInfo(name)
    begin = (local.replace(tzinfo=zone)).timestamp() - 15 * 60
    base = local.hour * 60 + local.minute
    schedules = []
    for number in range(draw(st.integers(1, 3))):
        start = (base + draw(st.integers(-20, 25))) % (24 * 60)
        length = draw(st.integers(1, 30))
        day = local.date()
        schedules.append(
            Schedule(
                id=number + 1,
                title=f"act {number + 1}",
                studio=STUDIO,
                weekdays=frozenset(draw(st.sets(st.integers(0, 6), min_size=5))),
                start=start * 60,
                end=(start + length) * 60 % (24 * 3600) or 24 * 3600,
                zone=zone,
                skip=frozenset(
                    draw(st.sets(st.sampled_from([day, day - timedelta(1)]), max_size=1))
                ),
                add=frozenset(draw(st.sets(st.just(day), max_size=1))),
            )
        )
    kinds = st.sampled_from(["service", "obs", "both", "refuses", "start", "stop"])
    happening = st.tuples(st.integers(0, MINUTES * 60 - 1), kinds, st.integers(1, 240))
    return begin, schedules, draw(st.lists(happening, max_size=5))


def wanted_by(schedules: Sequence[Schedule], begin: float, end: float) -> dict[int, set[Any]]:
    """Second -> the windows it is in: from the wall clock alone, second by second."""
    windows: dict[int, set[Any]] = {}
    for schedule in schedules:
        for offset in (-1, 0, 1):
            day = datetime.fromtimestamp(begin, schedule.zone).date() + timedelta(offset)
            if not fires(schedule, day):
                continue
            first, last = bounds(schedule, day)
            for second in range(max(first, int(begin)), min(last, int(end))):
                windows.setdefault(second, set()).add((schedule.id, first, last))
    return windows


class Play:
    """What happens, and an account of what OBS should do, kept beside the service's own."""

    def __init__(self, evening: Evening, happenings: Sequence[Happening], begin: int) -> None:
        self.evening = evening
        self.begin = begin
        self.happenings = sorted(happenings)
        self.wanted = wanted_by(evening.schedules, begin, begin + MINUTES * 60)
        self.should: set[int] = set()
        self.excused: set[int] = set()
        self.manual_until = 0
        self.stopped_at: int | None = None
        self.stopped_until = 0
        self.service_back = self.obs_back = self.obs_willing = 0

    def at(self, now: int) -> None:
        for second, kind, seconds in self.happenings:
            if self.begin + second == now:
                self._happen(kind, seconds, now)
        if self.evening.service is None and now >= self.service_back:
            self.evening.boot()
            self._excuse(now)
        if not self.evening.obs.up and now >= self.obs_back:
            self.evening.obs.up = True
            self._excuse(now)
        if self.evening.obs.refuses and now >= self.obs_willing:
            self.evening.obs.refuses = False
            self._excuse(now)
        outage = self.evening.obs.refuses and self.evening.obs.path is None
        if self.evening.service is None or not self.evening.obs.up or outage:
            self.excused.add(now)
        wants = self._wants(now)
        if wants:
            self.should.add(now)
        if wants != ((now - 1) in self.should):
            self._excuse(now)

    def _excuse(self, now: int) -> None:
        self.excused.update(range(now, now + LATE + 1))

    def _wants(self, now: int) -> bool:
        if now < self.manual_until:
            return True
        windows = self.wanted.get(now, set())
        if now < self.stopped_until and self.stopped_at is not None:
            return any(first > self.stopped_at for _, first, _ in windows)
        return bool(windows)

    def _happen(self, kind: str, seconds: int, now: int) -> None:
        service = self.evening.service
        if kind in ("start", "stop"):
            # A start that is taken back in the same second takes OBS a second all the same.
            self._excuse(now)
        if kind in ("service", "both"):
            self.evening.crash()
            self.service_back = now + seconds
        if kind in ("obs", "both"):
            self.evening.obs.kill()
            self.obs_back = now + seconds
        if kind == "refuses":
            self.evening.obs.refuses, self.obs_willing = True, now + seconds
        if kind == "start" and service is not None:
            service.start("anna", seconds, "")
            self.manual_until, self.stopped_until = now + seconds, 0
        if kind == "stop" and service is not None:
            service.end("anna")
            ends = [last for _, _, last in self.wanted.get(now, set())]
            self.manual_until = 0
            self.stopped_at, self.stopped_until = now, max(ends, default=0)


@hypothesis.settings(max_examples=1_000 if is_soak() else 20)
@hypothesis.given(evenings())
def test_obs_records_what_it_should(
    drawn: tuple[float, list[Schedule], list[Happening]],
) -> None:
    begin, schedules, happenings = drawn
    evening = Evening(begin, schedules)
    play = Play(evening, happenings, int(begin))
    evening.play(begin + MINUTES * 60, play.at)

    missing = play.should - evening.obs.recorded - play.excused
    assert not missing, f"not recorded: {_shown(missing, begin)}"
    surplus = evening.obs.recorded - play.should - play.excused
    assert not surplus, f"recorded, though nobody wanted it: {_shown(surplus, begin)}"

    if not happenings:
        # Windows that touch or overlap are one recording; none fires twice.
        stretches = sum(1 for second in play.should if second - 1 not in play.should)
        assert evening.obs.starts == stretches
    keys = [(run.schedule_id, run.start) for run in evening.runs]
    assert len(keys) == len(set(keys))


def _shown(seconds: set[int], begin: float) -> list[int]:
    return sorted(second - int(begin) for second in seconds)[:20]
