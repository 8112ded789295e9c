"""APScheduler behind our own face: a timer, nothing more. Schedules live in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from control_api.fault_log import FaultLog

logger = logging.getLogger(__name__)


class Timer:
    """Calls functions again and again, each never twice at once; a late call is made once.

    `is_leader` says whether this is the process, of several on a database, for what is done
    `in_one` of them.
    """

    def __init__(self, is_leader: Callable[[], bool] = lambda: True) -> None:
        self._is_leader = is_leader
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._faults = FaultLog(logger)

    @property
    def is_running(self) -> bool:
        return bool(self._scheduler.running)

    def every(
        self, seconds: float, name: str, function: Callable[[], object], *, in_one: bool = False
    ) -> None:
        self._scheduler.add_job(
            lambda: self._faults.run(name, self._in_one(function) if in_one else function),
            "interval",
            seconds=seconds,
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def _in_one(self, function: Callable[[], object]) -> Callable[[], object]:
        return lambda: function() if self._is_leader() else None

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
