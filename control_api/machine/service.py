"""Shuts this machine down: announced, cancelled if somebody objects, never while it is busy."""

from __future__ import annotations

import enum
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import Clock, local
from control_api.errors import Conflict
from control_api.events.service import EventService, Kind
from control_api.machine.command import run
from control_api.machine.daily import LATEST_SECONDS, Daily
from control_api.settings.memory import Memory

logger = logging.getLogger(__name__)

_DONE = "shutdown.daily_done_on"


class Phase(enum.StrEnum):
    PLANNED = "planned"
    WAITING = "waiting"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Plan:
    """It happens at `due` (monotonic seconds), or, while it waits, when `waits_for` is over."""

    who: str
    due: float
    phase: Phase = Phase.PLANNED
    waits_for: str | None = None
    is_daily: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may change while we run: why not now, seconds of grace, `HH:MM` of every day, and
    whether the daily one is this process's, of several on a database."""

    busy: Callable[[], str | None]
    grace: Callable[[], float]
    daily: Callable[[], str | None]
    is_leader: Callable[[], bool] = lambda: True


class ShutdownService:
    """At most one is planned. `tick` is to be called every second."""

    def __init__(
        self,
        command: Sequence[str],
        events: EventService,
        clock: Clock,
        zone: tzinfo,
        wishes: Wishes,
        *,
        memory: Memory | None = None,
    ) -> None:
        """`memory` is shared by all processes: the date of the last daily shutdown is kept there,
        so that a process that takes over does not repeat it."""
        self._command = tuple(command)
        self._events = events
        self._clock = clock
        self._zone = zone
        self._wishes = wishes
        self._daily = Daily(zone)
        self._came_at: float | None = None
        self._memory = memory
        self._lock = threading.RLock()
        self._plan: Plan | None = None
        self._last: str | None = None

    @property
    def is_allowed(self) -> bool:
        return bool(self._command)

    @property
    def plan(self) -> Plan | None:
        return self._plan

    @property
    def last(self) -> str | None:
        """What became of the last one that came to its end."""
        return self._last

    @property
    def daily(self) -> str | None:
        return self._wishes.daily()

    def at(self, plan: Plan) -> datetime:
        """When it happens, in local time."""
        return local(self._clock.now() + plan.due - self._clock.monotonic(), self._zone)

    def ask(self, who: str, delay: float | None = None) -> Plan:
        """Plan one in `delay` seconds, else after the grace. Raises Conflict."""
        with self._lock:
            if not self.is_allowed:
                raise Conflict(
                    "shutdown is not allowed here: set control_api.shutdown_command, "
                    "such as [systemctl, poweroff]"
                )
            if self._plan is not None:
                raise Conflict(f"{self._planned(self._plan)}; cancel that first")
            if reason := self._wishes.busy():
                raise Conflict(f"not now: {reason}")
            return self._begin(who, self._wishes.grace() if delay is None else delay)

    def cancel(self, who: str) -> None:
        """Raises Conflict if there is nothing to cancel, or if it is too late."""
        with self._lock:
            if self._plan is None:
                raise Conflict("no shutdown is planned")
            if self._plan.phase is Phase.RUNNING:
                raise Conflict("too late: the machine is shutting down")
            self._plan = None
            self._events.tell(Kind.SHUTDOWN, None, f"shutdown cancelled by {who}", who=who)

    def tick(self) -> None:
        if self._is_day_over():
            self._day_ends()
        with self._lock:
            if not self._is_time():
                return
        self._run()

    def _is_day_over(self) -> bool:
        """Whether the daily time has come, now or while the process that died should have acted."""
        now = self._clock.now()
        if self._daily.has_come(self._wishes.daily(), now):
            self._came_at = now
        if self._came_at is None or not self._wishes.is_leader():
            return False
        late, self._came_at = now - self._came_at, None
        return late < LATEST_SECONDS and not self._was_done_today()

    def _was_done_today(self) -> bool:
        if self._memory is None:
            return False
        try:
            return bool(self._memory.recall(_DONE) == self._today())
        except SQLAlchemyError as error:
            logger.warning("the last daily shutdown is not known: %s", type(error).__name__)
            return False

    def _note_done(self) -> None:
        if self._memory is None:
            return
        try:
            self._memory.keep(_DONE, self._today())
        except SQLAlchemyError as error:
            logger.warning("the daily shutdown could not be noted: %s", type(error).__name__)

    def _today(self) -> str:
        return local(self._clock.now(), self._zone).date().isoformat()

    def _day_ends(self) -> None:
        with self._lock:
            if not self.is_allowed:
                said = "shutdown is wanted by the settings, but no shutdown_command is configured"
                self._events.tell(Kind.SHUTDOWN, None, said)
            elif self._plan is None:
                # Busy or not: if need be it waits until what is recorded is over.
                self._begin("the daily time", self._wishes.grace(), is_daily=True)

    def _is_time(self) -> bool:
        """Looks whether the plan has to wait, goes on, or is due; then it is RUNNING."""
        plan = self._plan
        if plan is None or plan.phase is Phase.RUNNING:
            return False
        if plan.is_daily and not self._wishes.is_leader():
            # Another process has taken over, and has planned its own.
            self._plan = None
            return False
        reason = self._wishes.busy()
        if reason is not None:
            if plan.phase is Phase.PLANNED:
                self._events.tell(Kind.SHUTDOWN, None, f"shutdown waits: {reason}", reason=reason)
            self._plan = replace(plan, phase=Phase.WAITING, waits_for=reason)
            return False
        if plan.phase is Phase.WAITING:
            # Anew in full: whoever comes back to the machine finds it announced.
            self._begin(plan.who, self._wishes.grace(), is_daily=plan.is_daily)
            return False
        if self._clock.monotonic() < plan.due:
            return False
        self._plan = replace(plan, phase=Phase.RUNNING)
        return True

    def _begin(self, who: str, delay: float, *, is_daily: bool = False) -> Plan:
        due = self._clock.monotonic() + delay
        self._plan = plan = Plan(who, due, is_daily=is_daily)
        at = self.at(plan).isoformat()
        self._events.tell(Kind.SHUTDOWN, None, self._planned(plan), who=who, at=at)
        return plan

    def _run(self) -> None:
        if self._plan is not None and self._plan.is_daily:
            self._note_done()
        self._events.tell(Kind.SHUTDOWN, None, "this machine shuts down now")
        result = run(self._command)
        said = f"the shutdown command {'was run' if result.ok else 'failed'}: {result.said}"
        with self._lock:
            self._plan, self._last = None, said
        self._events.tell(Kind.SHUTDOWN, None, said, ok=result.ok)

    def _planned(self, plan: Plan) -> str:
        if plan.phase is Phase.WAITING:
            return f"a shutdown by {plan.who} waits: {plan.waits_for}"
        return f"this machine shuts down at {self.at(plan):%H:%M:%S}, asked for by {plan.who}"
