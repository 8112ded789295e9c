"""Scans in the background, when the timer or somebody says so, and takes new recordings at once."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from control_api.clock import Clock
from control_api.fault_log import FaultLog
from control_api.library.scan import Scanner, Tally

logger = logging.getLogger(__name__)

_END_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the scan is, or how the last one was; times are Unix seconds."""

    running: bool = False
    started_at: float | None = None
    ended_at: float | None = None
    tally: Tally = field(default_factory=Tally)


class ScanWorker:
    """One thread. `prepare` runs before everything else in it."""

    def __init__(self, scanner: Scanner, clock: Clock, prepare: Callable[[], object]) -> None:
        self._scanner = scanner
        self._clock = clock
        self._prepare = prepare
        self._urgent: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._wanted = threading.Event()
        self._ending = threading.Event()
        self._faults = FaultLog(logger)
        self._progress = Progress()
        self._thread = threading.Thread(target=self._run, name="library", daemon=True)

    @property
    def progress(self) -> Progress:
        now = self._progress
        return replace(now, tally=replace(now.tally))

    def start(self) -> None:
        self._wanted.set()
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def scan(self) -> None:
        """Soon; what is asked for during a scan is done after it."""
        self._wanted.set()
        self._wake.set()

    def examine(self, path: Path) -> None:
        """Examine a file soon, changed or not; does not block."""
        self.soon(lambda: self._scanner.examine(path))

    def soon(self, work: Callable[[], object]) -> None:
        """Have this done before what is left of a scan; does not block."""
        self._urgent.put(work)
        self._wake.set()

    def _run(self) -> None:
        self._safely("unfinished changes of the library", self._prepare)
        while not self._ending.is_set():
            self._wake.wait()
            self._wake.clear()
            self._do_urgent()
            if self._wanted.is_set() and not self._ending.is_set():
                self._wanted.clear()
                self._scan()

    def _scan(self) -> None:
        tally = Tally()
        self._progress = Progress(True, self._clock.now(), None, tally)
        self._safely("the scan", lambda: self._scanner.run(tally, self._goes_on))
        self._progress = replace(self._progress, running=False, ended_at=self._clock.now())

    def _goes_on(self) -> bool:
        self._do_urgent()
        return not self._ending.is_set()

    def _do_urgent(self) -> None:
        with contextlib.suppress(queue.Empty):
            while not self._ending.is_set():
                self._safely("a new video", self._urgent.get_nowait())

    def _safely(self, name: str, work: Callable[[], object]) -> None:
        """The thread lives on whatever a disk or the database does."""
        try:
            self._faults.run(name, work)
        except Exception:
            if not self._ending.is_set():
                logger.exception("%s: this is a mistake in Leitstand", name)
