"""Real services in processes and threads of their own, for tests that need the whole."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import requests

T = TypeVar("T")

_END_SECONDS = 10.0

Series = dict[str, float]
"""`name{labels}` -> value."""


def eventually(question: Callable[[], T], within: float = 20.0) -> T:
    """Ask until the answer is true; fails with the last answer when the time is up."""
    until = time.monotonic() + within
    while True:
        if answer := question():
            return answer
        assert time.monotonic() < until, f"still {answer!r} after {within:g} s"
        time.sleep(0.02)


_PORTS = range(10_000, 32_000)
"""Below those that the kernel gives away by itself (net.ipv4.ip_local_port_range)."""
_given: set[int] = set()


def free_port() -> int:
    """A loopback port that nothing listens on, and that this process was not given before.

    A port that the kernel chose may be chosen again before the service that it is for listens.
    """
    while True:
        port = random.SystemRandom().choice(_PORTS)
        if port in _given:
            continue
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            _given.add(port)
            return port


def scrape(url: str, session: requests.Session | None = None) -> Series:
    """The series of a /metrics page."""
    text = (session or requests).get(f"{url}/metrics", timeout=10).text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {series: float(value) for series, _, value in lines}


class Process:
    """A child whose output is collected line by line; ended by its own id."""

    def __init__(self, command: Sequence[str], cwd: Path | None = None, **env: str) -> None:
        self.lines: list[str] = []
        self._child = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)} | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def find(self, pattern: str, within: float = 60.0) -> str:
        """The first group of the pattern's first match in what the child says."""

        def match() -> re.Match[str] | None:
            ended = self._child.poll() is not None and not self._reader.is_alive()
            found = re.search(pattern, self.output)
            assert found or not ended, f"ended without a word of it:\n{self.output}"
            return found

        found = eventually(match, within)
        assert found is not None
        return found.group(1)

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def wait(self, within: float = 20.0) -> int:
        """The exit code."""
        code = self._child.wait(within)
        self._reader.join(within)
        return code

    def kill(self) -> None:
        """Kill it alone: its children may go on, and hold its output open."""
        self._child.kill()
        self._child.wait()

    def end(self) -> None:
        """Ask it to end, as a supervisor must be for what it has started; then kill it."""
        if self._child.poll() is None:
            self._child.terminate()
            self._child.send_signal(signal.SIGCONT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_END_SECONDS)
            self._child.kill()
        self.wait()
        assert self._child.stdout is not None
        self._child.stdout.close()

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))


@contextlib.contextmanager
def process(command: Sequence[str], cwd: Path | None = None, **env: str) -> Iterator[Process]:
    child = Process(command, cwd, **env)
    try:
        yield child
    finally:
        child.end()


def leitstand(*arguments: str) -> list[str]:
    """The command line of a subcommand, with this interpreter."""
    return [sys.executable, "-m", "leitstand", *arguments]


def limited(command: Sequence[str], descriptors: int) -> list[str]:
    """The same command with so many descriptors, also as its hard limit."""
    return ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
