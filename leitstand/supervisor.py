"""Keeps the services running: one child process each, restarted if it ends."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

logger = logging.getLogger(__name__)

_TICK_SECONDS = 0.1
STOP_SECONDS = 1.6
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_SURVIVOR_PAUSE_SECONDS = 1.0
_START_SECONDS = 15.0
"""A configuration error this soon after the start ends everything: a person is there to read it."""
# Whoever ran that long was well: what happened before does not count any more.
_WELL_AFTER_SECONDS = 60.0
_CONFIG_ERROR = 2
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Service:
    """One child: its command, and how often it has ended in a row.

    What a `quiet` one prints is for those who run it by hand. One that has not ended
    `stop_seconds` after it was asked to is killed. One that `survives` goes on when the supervisor
    is killed, and is started again sooner when it ends.
    """

    name: str
    command: Sequence[str]
    quiet: bool = False
    stop_seconds: float = STOP_SECONDS
    survives: bool = False
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    began: float = field(default=0.0, init=False)
    ended: int = field(default=0, init=False)
    start_at: float = field(default=0.0, init=False)

    def start(self, say: Callable[[str], object] | None) -> None:
        """What the child says on stderr goes to `say`, line by line, or to our own stderr."""
        self.began = time.monotonic()
        # A session of its own: Ctrl-C reaches the supervisor alone, which ends all in order.
        self.process = subprocess.Popen(
            self.command,
            start_new_session=True,
            preexec_fn=None if self.survives else _die_with_parent(),
            stdout=subprocess.DEVNULL if self.quiet else None,
            stderr=subprocess.PIPE if say else None,
            text=True,
            errors="replace",
        )
        if say and self.process.stderr:
            pass_on = threading.Thread(target=_pass_on, args=(self.process.stderr, say))
            pass_on.daemon = True
            pass_on.start()

    def note_end(self) -> float:
        """Count that it ended; for how long to leave it."""
        now = time.monotonic()
        self.process = None
        self.ended = 1 if now - self.began > _WELL_AFTER_SECONDS else self.ended + 1
        longest = _SURVIVOR_PAUSE_SECONDS if self.survives else _LONGEST_PAUSE_SECONDS
        first = _SURVIVOR_PAUSE_SECONDS / 4 if self.survives else _FIRST_PAUSE_SECONDS
        pause = min(first * 2.0 ** (self.ended - 1), longest)
        self.start_at = now + pause
        return pause


def leitstand(name: str, *arguments: str) -> Service:
    """A subcommand as a service, found where this process found it."""
    return module(name, "leitstand", name, *arguments)


def module(name: str, module: str, *arguments: str, quiet: bool = False) -> Service:
    """A Python module that can be run as a service."""
    # `-m` alone would look in the working directory first, whatever lies there.
    safe_path = [] if os.getcwd() in sys.path else ["-P"]
    return Service(name, [sys.executable, *safe_path, "-m", module, *arguments], quiet)


class Supervisor:
    """Runs services until told to stop. Returns the exit code for the whole."""

    def __init__(
        self, services: Sequence[Service], say: Callable[[str], object] | None = None
    ) -> None:
        self._services = services
        self._say = say
        self._began = 0.0

    def run(self, stop: threading.Event) -> int:
        """Until `stop` is set, or a service ends with a configuration error (2) at the start."""
        self._began = time.monotonic()
        try:
            while not stop.is_set():
                codes = [self._look_after(service) for service in self._services]
                if _CONFIG_ERROR in codes and self._is_starting:
                    return _CONFIG_ERROR
                stop.wait(_TICK_SECONDS)
            return 0
        finally:
            self._end_all()

    @property
    def _is_starting(self) -> bool:
        return time.monotonic() - self._began < _START_SECONDS

    def _look_after(self, service: Service) -> int | None:
        """Start it if it is time; the exit code if it has ended."""
        if service.process is None:
            if time.monotonic() >= service.start_at:
                service.start(self._say)
            return None
        code = service.process.poll()
        if code is not None:
            pause = service.note_end()
            if code != _CONFIG_ERROR or not self._is_starting:
                logger.error("%s ended with %d; again in %g s", service.name, code, pause)
        return code

    def _end_all(self) -> None:
        running = [(s, s.process) for s in self._services if s.process is not None]
        for _, process in running:
            process.terminate()
        told_at = time.monotonic()
        for service, process in running:
            try:
                process.wait(max(0.0, told_at + service.stop_seconds - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _pass_on(lines: IO[str], say: Callable[[str], object]) -> None:
    with lines:
        for line in lines:
            say(line)


def _die_with_parent() -> Callable[[], None] | None:
    """What a new child does to be ended by the kernel when the supervisor is killed (prctl(2))."""
    if sys.platform != "linux":
        return None
    # Loaded here: a child that has only just been forked had better not load anything.
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
