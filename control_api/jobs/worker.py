"""One process that does one job, as the service sees it: started, heard, limited, ended."""

from __future__ import annotations

import contextlib
import enum
import json
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from control_api.jobs.kinds import Kind, Params

_ROOT = Path(__file__).resolve().parents[2]
_TICK_SECONDS = 0.1
_KILL_AFTER_SECONDS = 3.0
_LONGEST_LINE = 1 << 20
_LOG_BYTES = 4096
_LONGEST_SENTENCE = 500
_CHUNK = 1 << 16


class Why(enum.Enum):
    """Why we ended it."""

    CANCELLED = "cancelled"
    STOPPED = "stopped"
    LATE = "late"
    LOST = "lost"
    """The job was given to another process."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of it: a result, else a sentence.

    `killed`: it was ended by SIGKILL, and not by us. `log` is the end of what it printed.
    """

    result: dict[str, Any] | None = None
    error: str = ""
    why: Why | None = None
    killed: bool = False
    log: str = ""


class Worker:
    """`heard` is called with progress (0 to 1) and the seconds left, if the work knows them."""

    def __init__(
        self, kind: Kind, params: Params, heard: Callable[[float, float | None], None]
    ) -> None:
        self._kind = kind
        self._params = params
        self._seconds = kind.seconds(params)
        self._heard = heard
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._why: Why | None = None
        self._kill_at = math.inf
        self._line = b""
        self._log = b""
        self._result: dict[str, Any] | None = None
        self._error = ""

    def end(self, why: Why) -> None:
        """Ask it to end, at once if it is not done in 3 s; from any thread, does not block."""
        with self._lock:
            if self._why is None:
                self._why = why
                self._kill_at = time.monotonic() + _KILL_AFTER_SECONDS
            self._signal(signal.SIGTERM)

    def run(self) -> Ending:
        """Start it and wait for its end. Raises OSError if it cannot be started.

        The kernel ends the process with the thread that calls this.
        """
        with tempfile.TemporaryFile() as given:
            given.write(json.dumps(dict(self._params)).encode())
            given.seek(0)
            with self._lock:
                if self._why is not None:
                    return Ending(error="it was not begun", why=self._why)
                self._process = self._started(given)
        try:
            self._listen(self._process)
        finally:
            code = self._reap(self._process)
        return self._ending(code)

    def _started(self, given: IO[bytes]) -> subprocess.Popen[bytes]:
        most = self._kind
        # All cores may work for it as long as it may take.
        cpu_seconds = math.ceil(self._seconds * (os.cpu_count() or 1))
        limits = (most.memory_bytes_at_most, cpu_seconds, os.getpid())
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "control_api.jobs.run", most.module, *map(str, limits)],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=_environment(),
        )

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        until = time.monotonic() + self._seconds
        with selectors.DefaultSelector() as pipes:
            for pipe, take in ((process.stdout, self._take), (process.stderr, self._keep)):
                os.set_blocking(pipe.fileno(), False)
                pipes.register(pipe, selectors.EVENT_READ, take)
            while not _has_ended(process):
                self._read(pipes, _TICK_SECONDS)
                self._look_at_the_time(until)
            while self._read(pipes, 0):
                pass

    def _read(self, pipes: selectors.BaseSelector, seconds: float) -> bool:
        """Whether there was something."""
        if not pipes.get_map():
            time.sleep(seconds)
            return False
        ready = pipes.select(seconds)
        for key, _ in ready:
            if chunk := os.read(key.fd, _CHUNK):
                key.data(chunk)
            else:
                pipes.unregister(key.fileobj)
        return bool(ready)

    def _look_at_the_time(self, until: float) -> None:
        now = time.monotonic()
        if now >= until and self._why is None:
            self.end(Why.LATE)
        if now >= self._kill_at:
            with self._lock:
                self._signal(signal.SIGKILL)

    def _take(self, chunk: bytes) -> None:
        *lines, self._line = (self._line + chunk).split(b"\n")
        for line in lines:
            self._understand(line)
        if len(self._line) > _LONGEST_LINE:
            self._line = b""

    def _understand(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return
        match said:
            case {"result": dict() as result}:
                self._result = result
            case {"error": str() as error}:
                self._error = _sentence(error)
            case {"progress": int() | float() as progress} if math.isfinite(progress):
                self._heard(min(1.0, max(0.0, float(progress))), _seconds(said))

    def _keep(self, chunk: bytes) -> None:
        self._log = (self._log + chunk)[-_LOG_BYTES:]

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        with self._lock:
            # Before it is waited for: until then nobody else can have its number.
            self._signal(signal.SIGKILL)
            code = process.wait()
            self._process = None
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _ending(self, code: int) -> Ending:
        log = self._log.decode(errors="replace")
        # Whatever ended it afterwards: it was done.
        if self._result is not None:
            return Ending(self._result, log=log)
        error, killed = self._error, code == -signal.SIGKILL and self._why is None
        if self._why is Why.LATE:
            error = f"it took longer than the {self._seconds:g} s that it may take"
        elif code == -signal.SIGXCPU:
            error = "it needed more computing time than a job of its kind may use"
        elif killed:
            error = "its worker was killed from outside, or for want of memory"
        elif code < 0:
            error = f"its worker crashed ({signal.Signals(-code).name})"
        return Ending(
            None, error or f"its worker ended without a result ({code})", self._why, killed, log
        )


def _environment() -> dict[str, str]:
    """Ours without our secrets; with the place where this code was found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEITSTAND_")}
    return kept | {"PYTHONPATH": str(_ROOT)}


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without waiting for it, so that its number stays its own."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _seconds(said: dict[str, Any]) -> float | None:
    seconds = said.get("seconds_left")
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    return max(0.0, float(seconds))


def _sentence(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:_LONGEST_SENTENCE]).strip()
