"""A real Redis on a free port, in a folder of its own, stopped by its process id."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from redis import Redis

from tests.conftest import program
from tests.running import eventually, free_port


class RealRedis:
    """Keeps nothing on disk; what it was started with it is started with again."""

    def __init__(self, folder: Path, options: Sequence[str] = (), password: str = "") -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.client = Redis(port=self.port, password=password or None, socket_timeout=2)
        self._command = [
            program("redis-server"),
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no"),
            *(("--requirepass", password) if password else ()),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        eventually(self._answers)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with contextlib.suppress(Exception):
            return bool(self.client.ping())
        return False


@contextlib.contextmanager
def running(folder: Path, options: Sequence[str] = (), password: str = "") -> Iterator[RealRedis]:
    redis = RealRedis(folder, options, password)
    redis.start()
    try:
        yield redis
    finally:
        redis.client.close()
        redis.kill()
