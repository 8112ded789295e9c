"""The page of /metrics."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from control_api.metrics.families import Readings
from control_api.metrics.readings import Sources
from control_api.metrics.requests import Requests
from leitstand.calls import Call

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DISK_SECONDS = 1.0


class MetricsPage:
    """A registry of its own: nothing of it is shared with whoever else is in the process."""

    def __init__(self, sources: Sources, requests: Requests) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Readings(sources))
        self._registry.register(requests)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        return generate_latest(self._registry)


def free_bytes(folder: Path) -> Callable[[], float | None]:
    """Asks how much is free there; None if it is gone, or its disk hangs."""
    usage = Call(f"disk {folder}", lambda: float(shutil.disk_usage(folder).free))

    def ask() -> float | None:
        usage.start()
        return usage.answer(time.monotonic() + _DISK_SECONDS)

    return ask
