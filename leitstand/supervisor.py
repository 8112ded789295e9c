"""Keeps the services running: one child process each, restarted if it ends."""

from __future__ import annotations

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

_TICK_SECONDS = 0.1
_STOP_SECONDS = 1.8
_LONGEST_PAUSE_SECONDS = 30.0
_CONFIG_ERROR = 2
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Service:
    """One child: its arguments after `leitstand`, and how often it has ended in a row."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    ended: int = 0
    start_at: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which ends all in order.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "leitstand", *self.arguments],
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    """Have the kernel end the child when the supervisor is killed (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs services until told to stop. Returns the exit code for the whole."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services

    def run(self, stop: threading.Event) -> int:
        """Until `stop` is set, or a service says that the configuration is wrong (exit 2)."""
        code = 0
        try:
            while code != _CONFIG_ERROR and not stop.wait(_TICK_SECONDS):
                code = max((self._look_after(service) for service in self._services), default=0)
        finally:
            self._end_all()
        return code if code == _CONFIG_ERROR else 0

    def _look_after(self, service: Service) -> int:
        if service.process is None:
            if time.monotonic() >= service.start_at:
                service.start()
            return 0
        code = service.process.poll()
        if code is None:
            return 0
        service.process = None
        service.ended += 1
        pause = min(2.0 ** (service.ended - 1), _LONGEST_PAUSE_SECONDS)
        service.start_at = time.monotonic() + pause
        if code != _CONFIG_ERROR:
            logger.error("%s ended with %d; again in %g s", service.name, code, pause)
        return code

    def _end_all(self) -> None:
        running = [s.process for s in self._services if s.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + _STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
