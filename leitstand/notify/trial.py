"""One test message through every receiver of the running Alertmanager, and what became of it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from leitstand.config import NotifyConfig
from leitstand.notify.alertmanager import Alertmanager, Counts, Unreachable
from leitstand.notify.causes import why

ALERT = "NotificationTest"
_LASTS = timedelta(minutes=1)
_LOOK_SECONDS = 0.1
# A failure is counted just after the attempt.
_SETTLE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one receiver's integration; `trouble` says what to do, None if it was delivered."""

    receiver: str
    integration: str
    trouble: str | None

    def __str__(self) -> str:
        return f"{self.receiver:<10} {self.integration:<8} {self.trouble or 'delivered'}"


def run(notify: NotifyConfig, patience: float = 20.0) -> Iterator[Outcome]:
    """One after the other, as each is known. Raises Unreachable.

    `patience` is for how many seconds a receiver may be silent.
    """
    alertmanager = Alertmanager(notify.alertmanager)
    name = secrets.token_hex(4)
    for receiver, integrations in alertmanager.receivers().items():
        if not integrations:
            continue
        before = alertmanager.counts()
        alertmanager.post(_alert(receiver, name))
        wanted = {each: before.get(each, Counts()) for each in set(integrations)}
        after = _moved(alertmanager, wanted, patience)
        for integration, old in wanted.items():
            trouble = _judged(old, after.get(integration, Counts()))
            reason = trouble and f"{trouble}: {why(integration, notify)}"
            yield Outcome(receiver, integration, reason)


def _alert(receiver: str, run: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "labels": {"alertname": ALERT, "severity": "test", "receiver": receiver, "run": run},
        "annotations": {
            "summary": "This is a test.",
            "description": "Somebody called leitstand notify --test. In about a minute it is over.",
        },
        "startsAt": now.isoformat(),
        "endsAt": (now + _LASTS).isoformat(),
    }


def _moved(
    alertmanager: Alertmanager, wanted: Mapping[str, Counts], patience: float
) -> dict[str, Counts]:
    """The counters when every one of these integrations has tried, or the time is up."""
    until = time.monotonic() + patience
    pause = threading.Event()
    while time.monotonic() < until:
        now = alertmanager.counts()
        if all(now.get(each, Counts()).tried > old.tried for each, old in wanted.items()):
            break
        pause.wait(_LOOK_SECONDS)
    pause.wait(_SETTLE_SECONDS)
    return alertmanager.counts()


def _judged(before: Counts, after: Counts) -> str | None:
    if after.tried == before.tried:
        return "nothing was sent"
    return "not delivered" if after.failed > before.failed else None


__all__ = ["ALERT", "Outcome", "Unreachable", "run"]
