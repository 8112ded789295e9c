"""Whether all that a recording needs works, and since when it does or does not."""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from control_api.clock import Clock
from leitstand.calls import Call

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0
_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Health:
    """`reason` is a sentence for people, of what works too."""

    ok: bool
    reason: str


class Status(enum.StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at one thing. Without a `vital` one nothing can be recorded, in no studio.

    `studio` is the one whose recordings need it, if it is one.
    """

    name: str
    look: Callable[[], Health]
    studio: str | None = None
    vital: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said; it has been so, good or bad, `since` (Unix seconds)."""

    name: str
    studio: str | None
    health: Health
    since: float


@dataclass(frozen=True, slots=True)
class Report:
    """`reasons` are what stands in the way of a recording that is due soon."""

    status: Status
    findings: Sequence[Finding]
    reasons: Sequence[str]


class HealthService:
    """Looks at most once a second, however many ask; what hangs holds nobody up.

    `due_soon` says of a studio whether a recording is due, or begins within 15 minutes.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        clock: Clock,
        *,
        due_soon: Callable[[str], bool] = lambda studio: False,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._checks = checks
        self._calls = [Call(f"health {each.name}", _guarded(each)) for each in checks]
        self._clock = clock
        self._due_soon = due_soon
        self._patience = patience
        self._looking = threading.Lock()
        self._findings: Sequence[Finding] = ()
        self._looked_at = float("-inf")

    def report(self) -> Report:
        findings = self._fresh()
        bad = [
            (check, finding)
            for check, finding in zip(self._checks, findings, strict=True)
            if not finding.health.ok
        ]
        fatal = [finding for check, finding in bad if self._is_fatal(check)]
        status = Status.DOWN if fatal else Status.DEGRADED if bad else Status.OK
        return Report(status, findings, [f"{each.name}: {each.health.reason}" for each in fatal])

    def is_ok(self, name: str) -> bool | None:
        """What a check said last, without looking; None if it was not made yet."""
        found = (each.health.ok for each in self._findings if each.name == name)
        return next(found, None)

    def _is_fatal(self, check: Check) -> bool:
        return check.vital or (check.studio is not None and self._due_soon(check.studio))

    def _fresh(self) -> Sequence[Finding]:
        if self._clock.monotonic() - self._looked_at < _FRESH_SECONDS:
            return self._findings
        # Whoever comes while another looks takes what was last seen; only the first ones wait.
        if self._looking.acquire(blocking=not self._findings):
            try:
                if self._clock.monotonic() - self._looked_at >= _FRESH_SECONDS:
                    self._findings = self._look()
                    self._looked_at = self._clock.monotonic()
            finally:
                self._looking.release()
        return self._findings

    def _look(self) -> Sequence[Finding]:
        for call in self._calls:
            call.start()
        until = time.monotonic() + self._patience
        silent = Health(False, "does not answer")
        healths = [call.answer(until) or silent for call in self._calls]
        before = {finding.name: finding for finding in self._findings}
        return [
            self._finding(check, health, before.get(check.name))
            for check, health in zip(self._checks, healths, strict=True)
        ]

    def _finding(self, check: Check, health: Health, before: Finding | None) -> Finding:
        if before is not None and before.health.ok == health.ok:
            return Finding(check.name, check.studio, health, before.since)
        if before is not None or not health.ok:
            level = logging.INFO if health.ok else logging.WARNING
            logger.log(level, "%s: %s", check.name, health.reason)
        return Finding(check.name, check.studio, health, self._clock.now())


def _guarded(check: Check) -> Callable[[], Health]:
    def look() -> Health:
        try:
            return check.look()
        except Exception:
            # A check that breaks is a fault of ours and still a bad sign.
            logger.exception("%s: the check itself failed", check.name)
            return Health(False, "cannot be examined; the log says why")

    return look
