"""Evenings in real processes: drawn from a seed, played, and noted for the verdict."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from control_api.schedules.windows import Schedule
from tests.control_api.recorder.chaos_evidence import (
    Evidence,
    Operators,
    Second,
    active_windows,
)
from tests.e2e.chaos_house import House, waited
from tests.e2e.chaos_log import Span, frames, plays
from tests.e2e.chaos_report import events_of, rows_of, runs_of
from tests.postgresql import running
from tests.running import eventually
from tests.small_disk import small_disk
from tests.venue import ZONE

LENGTH = 95
_LAST = 88
"""By then every fault is over, so that the evening's end shows that all is well again."""
_REST = 3.0
"""Seconds between two faults of one target."""
_ORDER_SECONDS = 120.0

TARGETS: Mapping[str, tuple[str, ...]] = {
    "recorder killed": ("recorder",),
    "recorder stopped": ("recorder",),
    "api killed": ("api",),
    "api stopped": ("api",),
    "up stopped": ("up",),
    "obs killed": ("obs",),
    "obs stopped": ("obs",),
    "obs hangs": ("obs",),
    "disk full": ("disk",),
    "database locked": ("database",),
    "database stopped": ("database",),
    "database killed": ("database",),
    "state full": ("database",),
    "state read-only": ("api", "database", "recorder"),
    "flood": ("flood",),
    "clock": ("clock",),
    "disabled": ("edits",),
    "earlier": ("edits",),
    "later": ("edits",),
    "title": ("edits",),
}
"""What each fault needs for itself."""
EDITS = frozenset({"disabled", "earlier", "later", "title"})
_ONLY_POSTGRESQL = frozenset({"database stopped", "database killed"})
_ACTS = ("stop", "start", "follow-schedule")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken in [at, at + seconds) of an evening; `amount` is for clocks and edits."""

    kind: str
    at: int
    seconds: int
    amount: int
    window: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """An evening: its windows (begin, end), its faults, and an operator's acts (kind, at)."""

    seed: int
    database: str
    is_up: bool
    windows: tuple[tuple[int, int], ...]
    faults: tuple[Fault, ...]
    acts: tuple[tuple[str, int], ...]


def draw(seed: int) -> Drawn:
    """Around an edge of each window at least three faults overlap; one begins within 2 s of it."""
    chance = random.Random(seed)
    database = chance.choice(("sqlite", "postgresql"))
    is_up = chance.random() < 0.4
    first, second = chance.randint(15, 22), chance.randint(58, 64)
    windows = (first, first + chance.randint(20, 30)), (second, second + chance.randint(12, 20))
    kinds = [kind for kind in TARGETS if _is_possible(kind, database, is_up)]
    faults: list[Fault] = []
    for number, window in enumerate(windows):
        edge = chance.choice(window) + chance.randint(-2, 2)
        faults += _overlapping(chance, kinds, edge, number)
    is_ordered = chance.random() < 0.5
    acts = tuple((chance.choice(_ACTS), chance.randint(10, 75)) for _ in range(is_ordered))
    return Drawn(seed, database, is_up, windows, tuple(faults), acts)


def _is_possible(kind: str, database: str, is_up: bool) -> bool:
    if kind in _ONLY_POSTGRESQL:
        return database == "postgresql"
    if kind == "state read-only":
        return not is_up
    # Under `leitstand up` the recorder is killed and started again by it.
    return is_up or kind != "up stopped"


def _overlapping(
    chance: random.Random, kinds: Sequence[str], edge: int, window: int
) -> list[Fault]:
    chosen: list[Fault] = []
    taken: set[str] = set()
    moment = edge
    for kind in chance.sample(kinds, len(kinds)):
        if taken & set(TARGETS[kind]) or len(chosen) == 4:
            continue
        taken |= set(TARGETS[kind])
        seconds = chance.randint(4, 25)
        at = edge if not chosen else moment - chance.randint(0, seconds - 2)
        amount = chance.choice((chance.randint(-60, 60), chance.choice((-7200, -600, 600, 7200))))
        chosen.append(_within(Fault(kind, at, seconds, amount or 1, window)))
        if len(chosen) == 1:
            moment = edge + chance.randint(0, min(seconds - 2, 6))
    return chosen


def _within(fault: Fault) -> Fault:
    at = max(2, fault.at)
    return replace(fault, at=at, seconds=max(2, min(fault.at + fault.seconds, _LAST) - at))


@dataclass
class Evening:
    """One evening being played; `orders` are what the API accepted, and when."""

    drawn: Drawn
    house: House
    base: float = 0.0
    begin: int = 0
    schedules: dict[int, Schedule] = field(default_factory=dict)
    orders: list[tuple[float, Any]] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def play(self) -> Evidence:
        """From the first window to the last, and until all is accounted for."""
        self._locks = {name: threading.Lock() for each in TARGETS.values() for name in each}
        wall, now = time.time(), time.monotonic()
        self.begin = int(wall) + 2
        self.base = now + self.begin - wall
        for window in self.drawn.windows:
            self._create(*window)
        threads = [
            threading.Thread(target=self._guarded, args=(self._break, fault))
            for fault in self.drawn.faults
        ]
        threads += [
            threading.Thread(target=self._guarded, args=(self._act, *act))
            for act in self.drawn.acts
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        waited(self.base + LENGTH)
        # A start by hand that nobody took back would go on for hours.
        eventually(lambda: self._ask("POST", "/recordings/stop", {}) is not None, _ORDER_SECONDS)
        return self._evidence()

    def _guarded(self, do: Any, *arguments: Any) -> None:
        try:
            do(*arguments)
        except BaseException as error:
            self.errors.append(error)

    # what happens

    def _break(self, fault: Fault) -> None:
        waited(self.base + fault.at)
        with contextlib.ExitStack() as stack:
            for name in sorted(TARGETS[fault.kind]):
                stack.enter_context(self._locks[name])
            if fault.kind in EDITS:
                self._edit(fault)
            else:
                with self._broken(fault):
                    waited(max(self.base + fault.at + fault.seconds, time.monotonic() + 1))
            waited(time.monotonic() + _REST)

    @contextlib.contextmanager
    def _broken(self, fault: Fault) -> Iterator[None]:
        if fault.kind == "clock":
            self.house.set_clock(fault.amount)
            yield
            self.house.set_clock(0)
            return
        with self.house.faults[fault.kind]():
            yield

    def _edit(self, fault: Fault) -> None:
        number = sorted(self.schedules)[fault.window]
        before = self.schedules[number]
        after = _edited(before, fault)
        self._save(before, after)
        waited(self.base + fault.at + fault.seconds)
        self._save(after, before)

    def _save(self, before: Schedule, after: Schedule) -> None:
        body: dict[str, Any] = {"enabled": after.enabled, "title": after.title}
        if before.end != after.end:
            body["end"] = _clock(after.end)
        begin = time.monotonic()
        is_done = self._insist("PATCH", f"/schedules/{after.id}", body)
        self._note(begin, after if is_done else before)

    def _insist(self, method: str, path: str, body: Any) -> bool:
        """Ask until it is done: what is not answered may have been done or not.

        False if it is refused: a window that is over cannot be wanted again.
        """
        until = time.monotonic() + _ORDER_SECONDS
        while True:
            answer = self._ask(method, path, body)
            if answer is not None and answer.status_code < 500:
                assert answer.ok or answer.status_code == 422, answer.text
                return answer.ok
            assert time.monotonic() < until, (path, answer is not None and answer.text)
            time.sleep(0.3)

    def _ask(self, method: str, path: str, body: Any) -> requests.Response | None:
        with contextlib.suppress(requests.RequestException):
            return requests.request(
                method,
                f"{self.house.url}/api{path}",
                json=body,
                headers=self.house.credentials,
                timeout=10,
            )
        return None

    def _act(self, kind: str, at: int) -> None:
        waited(self.base + at)
        begin = time.monotonic()
        answer = self._ask("POST", f"/recordings/{kind}", {})
        if answer is not None:
            if answer.ok:
                self._note(begin, kind)
            return
        # Not known whether it was done.
        while (answer := self._ask("POST", "/recordings/follow-schedule", {})) is None or (
            not answer.ok and answer.status_code != 409
        ):
            time.sleep(0.3)
        self._note(begin, "follow-schedule")

    def _note(self, begin: float, order: Any) -> None:
        end = time.monotonic()
        self.house.timeline.add(Span("unsure", begin, end))
        self.orders.append((end, order))

    def _create(self, begin: int, end: int) -> None:
        first, last = (datetime.fromtimestamp(self.begin + second, ZONE) for second in (begin, end))
        title = f"Act {len(self.schedules) + 1}"
        body = {
            "title": title,
            "weekdays": [],
            "add": [first.date().isoformat()],
            "start": first.strftime("%H:%M:%S"),
            "end": last.strftime("%H:%M:%S"),
        }
        number = self.house.call("POST", "/schedules", body)["id"]
        self.schedules[number] = Schedule(
            number,
            title,
            "stage",
            frozenset(),
            _seconds(first),
            _seconds(last),
            ZONE,
            add=frozenset([first.date()]),
        )

    # what there is to judge

    def _evidence(self) -> Evidence:
        house = self.house
        runs = eventually(lambda: runs_of(house, self.begin), 120)
        seen = frames(house.frames)
        log, recorded = self._log(seen)
        files = {path.name for path in house.recordings.glob("*.mkv")}
        rows = rows_of(house)
        moments = [(order.id, int(at - self.base)) for at, order in self.orders if _is_edit(order)]
        return Evidence(
            self.begin,
            log,
            recorded,
            moments,
            rows,
            _required(log),
            frozenset(files | {name for _, name in seen}),
            events_of(house),
            runs,
            frozenset(path.name for path in house.recordings.glob("*.mkv") if not plays(path)),
        )

    def _log(self, seen: Sequence[tuple[float, str]]) -> tuple[list[Second], list[bool]]:
        timeline, operators = self.house.timeline, Operators()
        schedules, orders = dict(self.schedules), sorted(self.orders, key=lambda each: each[0])
        by_second: dict[int, list[str]] = {}
        for moment, path in seen:
            by_second.setdefault(int((moment - self.base) // 1), []).append(path)
        # Frames that OBS skips inside a file, on a machine that is too busy for it, are its own.
        files = _spans(seen)
        log, recorded = [], []
        for at in range(LENGTH):
            first = self.base + at
            names = timeline.names(first, first + 1)
            wall = self.begin + at + timeline.offset(first + 0.5)
            runs = not names & {"recorder killed", "recorder stopped"}
            act = None
            while orders and orders[0][0] <= first + 0.5:
                order = orders.pop(0)[1]
                if _is_edit(order):
                    schedules[order.id] = order
                    continue
                act = order
                _take(operators, order, wall, _windows(schedules, operators, wall))
            if runs:
                operators.expire(wall, _windows(schedules, operators, wall))
            paths = by_second.get(at, [])
            recorded.append(len(paths) >= 5 or any(a <= first and b > first for a, b in files))
            log.append(
                Second(
                    wall,
                    runs,
                    names - {"unsure"},
                    _windows(schedules, operators, wall),
                    operators.stopped,
                    operators.start_until is not None,
                    act,
                    max(set(paths), key=paths.count) if paths else None,
                    "unsure" in names,
                )
            )
        return log, recorded


@contextlib.contextmanager
def house_of(drawn: Drawn, folder: Path) -> Iterator[House]:
    """The processes of an evening, on disks of their own."""
    with contextlib.ExitStack() as stack:
        disks = []
        for name in ("state", "record"):
            place = folder / name
            place.mkdir()
            disks.append(stack.enter_context(small_disk(place, mib=128)))
        server = stack.enter_context(running()) if drawn.database == "postgresql" else None
        house = House(folder, (disks[0], disks[1]), server, is_up=drawn.is_up)
        stack.callback(house.close)
        house.open()
        yield house


def _spans(seen: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    """From the first frame of each file to its last one."""
    found: dict[str, tuple[float, float]] = {}
    for moment, path in seen:
        first, last = found.get(path, (moment, moment))
        found[path] = min(first, moment), max(last, moment)
    return list(found.values())


def _edited(schedule: Schedule, fault: Fault) -> Schedule:
    by = min(abs(fault.amount), 10)
    if fault.kind == "disabled":
        return replace(schedule, enabled=False)
    if fault.kind == "title":
        return replace(schedule, title=f"{schedule.title}, renamed")
    end = schedule.end - by if fault.kind == "earlier" else schedule.end + by
    return replace(schedule, end=end % 86_400)


def _is_edit(order: Any) -> bool:
    return isinstance(order, Schedule)


def _take(operators: Operators, act: str, wall: int, windows: Mapping[Any, int]) -> None:
    if act == "start":
        operators.start(wall + 43_200)
    elif act == "stop":
        operators.stop(windows)
    else:
        operators.follow_schedule()


def _windows(
    schedules: Mapping[int, Schedule], operators: Operators, wall: int
) -> dict[tuple[int, str], int]:
    return active_windows(list(schedules.values()), operators.extended, wall)


def _required(log: Sequence[Second]) -> frozenset[str]:
    """The files that the recorder saw being recorded for some seconds."""
    found, last, times = set(), None, 0
    for second in log:
        times = times + 1 if second.seen is not None and second.seen == last else 1
        last = second.seen
        if last is not None and times >= 4:
            found.add(last)
    return frozenset(found)


def _seconds(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _clock(seconds: int) -> str:
    return (datetime.combine(date.min, datetime.min.time()) + timedelta(seconds=seconds)).strftime(
        "%H:%M:%S"
    )
