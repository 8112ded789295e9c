"""Every process of an evening, each of which can be broken and mended again while others run."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
import yaml

from control_api.database import WRITER_LOCK as WRITER
from tests.components import faketime
from tests.e2e.chaos_log import Timeline
from tests.flood import flood
from tests.postgresql import PostgreSql
from tests.running import Process, eventually, free_port, leitstand
from tests.small_disk import SmallDisk
from tests.venue import Venue

READY = 90.0
"""Seconds in which a process comes up on the busiest machine."""
_ROOT = Path(__file__).parents[2]


class House(Venue):
    """Recorder and API, by themselves or under `leitstand up`, with OBS and database beside them.

    `timeline` notes when OBS or recorder were away; the wall clock of recorder and API is moved
    by `set_clock`. A fault is a context manager: it breaks something, and mends it at its end.
    """

    def __init__(
        self,
        folder: Path,
        disks: tuple[SmallDisk, SmallDisk],
        postgresql: PostgreSql | None,
        *,
        is_up: bool,
    ) -> None:
        """`disks` are those of the state and of the recordings."""
        self.timeline = Timeline()
        self.state, self.record_disk = disks[0].path / "state", disks[1]
        self._state_disk = disks[0]
        self._postgresql = postgresql
        self._is_up = is_up
        self._obs_port = free_port()
        self._obs: Process | None = None
        recordings = disks[1].path / "recordings"
        recordings.mkdir()
        settings: dict[str, Any] = {"state": str(self.state)}
        if postgresql is not None:
            settings["database"] = postgresql.make()
            self._database = settings["database"]
        super().__init__(folder, self._obs_port, recordings, **settings)
        self._add("exporter", {"listen": f"127.0.0.1:{free_port()}"})
        self._offset = folder / "offset"
        self.set_clock(0)
        self._env = faketime(self._offset)
        self.frames, self._faults = folder / "frames", folder / "faults"
        self._faults.mkdir()
        self.faults: Mapping[str, Callable[..., Any]] = self._named()

    def open(self) -> None:
        """Start everything."""
        self._start_obs()
        if self._is_up:
            self._start_up()
        else:
            self.start_recorder(**self._env)
            self.start_api(**self._env)
        eventually(self._is_connected, READY)

    def _is_connected(self) -> bool:
        with contextlib.suppress(requests.RequestException, AssertionError):
            return bool(self.status["connected"])
        return False

    def close(self) -> None:
        """End everything that was started here."""
        for process in (self.service, self.recorder, self._obs):
            if process is not None:
                for child in _family(process.pid):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.kill()
                process.end()
        self._end_orphan()

    @property
    def output(self) -> str:
        """What the services said."""
        processes = {id(each): each for each in (self.service, self.recorder) if each is not None}
        return "\n".join(each.output for each in processes.values())

    def set_clock(self, seconds: int) -> None:
        """Move the wall clock of the services to so many seconds beside the true one."""
        beside = self._offset.with_suffix(".new")
        beside.write_text(f"{seconds:+d}")
        beside.rename(self._offset)
        self.timeline.clock(seconds)

    def _named(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "recorder killed": self._kill_up_or_recorder if self._is_up else self._recorder_killed,
            "recorder stopped": lambda: self._stopped(self._recorder_pid(), "recorder stopped"),
            "api killed": self._api_killed,
            "api stopped": lambda: self._stopped(self._api_pid(), None),
            "up stopped": lambda: self._stopped(self._main().pid, None),
            "obs killed": self._obs_killed,
            "obs stopped": self._obs_stopped,
            "obs hangs": lambda: self._spoilt("HANG", "obs hangs"),
            "disk full": self._disk_full,
            "database locked": self._locked,
            "database stopped": self._database_stopped,
            "database killed": self._database_killed,
            "state full": self._state_full,
            "state read-only": self._read_only,
            "flood": lambda: flood(int(self.url.rpartition(":")[2]), 300),
        }

    # OBS

    def _start_obs(self) -> None:
        command = [sys.executable, "-m", "tests.e2e.chaos_obs", "--port", str(self._obs_port)]
        command += ["--recordings", str(self.recordings), "--frames", str(self.frames)]
        self._obs = Process([*command, "--faults", str(self._faults)])
        self._obs.find("(ws://)", READY)

    @contextlib.contextmanager
    def _obs_killed(self) -> Iterator[None]:
        assert self._obs is not None
        with self.timeline.noted("obs killed"):
            self._obs.send(signal.SIGKILL)
            self._obs.end()
            yield
            self._start_obs()

    @contextlib.contextmanager
    def _obs_stopped(self) -> Iterator[None]:
        assert self._obs is not None
        with self._stopped(self._obs.pid, "obs hangs"):
            yield

    @contextlib.contextmanager
    def _spoilt(self, fault: str, name: str) -> Iterator[None]:
        with self.timeline.noted(name):
            (self._faults / fault).touch()
            yield
            (self._faults / fault).unlink()
            # It looks for them 20 times a second.
            time.sleep(0.2)

    @contextlib.contextmanager
    def _disk_full(self) -> Iterator[None]:
        """The disk itself, and the refusal of OBS to start on one."""
        with self._spoilt("DISK_FULL", "disk full"):
            self.record_disk.fill()
            yield
            self.record_disk.make_room()

    # recorder and API

    @contextlib.contextmanager
    def _recorder_killed(self) -> Iterator[None]:
        with self.timeline.noted("recorder killed"):
            self.kill_recorder()
            yield
            self.start_recorder(**self._env)

    @contextlib.contextmanager
    def _api_killed(self) -> Iterator[None]:
        if self._is_up:
            psutil.Process(self._api_pid()).kill()
            yield
            return
        self.kill_api()
        yield
        self.launch(**self._env)

    @contextlib.contextmanager
    def _kill_up_or_recorder(self) -> Iterator[None]:
        """`leitstand up`: the recorder goes on until the next one takes its place."""
        recorder, main = self._recorder_pid(), self._main()
        main.kill()
        yield
        assert psutil.pid_exists(recorder), "the recorder went with leitstand up"
        with self.timeline.noted("recorder killed"):
            self._start_up()
            main.end()

    @contextlib.contextmanager
    def _stopped(self, pid: int, name: str | None) -> Iterator[None]:
        with self.timeline.noted(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).suspend()
            yield
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).resume()

    def _main(self) -> Process:
        assert self.service is not None
        return self.service

    def _start_up(self) -> None:
        """Ports may be taken for a moment by what an earlier one has left."""
        command = leitstand("up", "--config", str(self._file))
        until = time.monotonic() + READY
        while True:
            self.service = Process(command, **self._env)
            try:
                self.service.find(r"recorder \S+ at (\S+)", READY)
                return
            except AssertionError:
                assert time.monotonic() < until, self.service.output
                self.service.end()

    def _recorder_pid(self) -> int:
        if not self._is_up:
            assert self.recorder is not None
            return self.recorder.pid
        return self._child("recorder")

    def _api_pid(self) -> int:
        return self._child("api") if self._is_up else self._main().pid

    def _child(self, name: str) -> int:
        """A service of `leitstand up`, which may just be starting it again."""

        def found() -> int:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self._main().pid).children():
                    if name in child.cmdline():
                        return int(child.pid)
            return 0

        return eventually(found, READY)

    def _end_orphan(self) -> None:
        """The recorder that outlived its `leitstand up`."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if str(self._file) in process.cmdline():
                    process.kill()

    # database and state

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """The write lock, held by somebody else."""
        if self._postgresql is not None:
            with psycopg.connect(self._database) as connection:
                connection.execute(f"SELECT pg_advisory_xact_lock({WRITER})".encode())
                yield
            return
        file = self.state / "leitstand.db"
        with contextlib.closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            yield
            held.execute("ROLLBACK")

    @contextlib.contextmanager
    def _database_stopped(self) -> Iterator[None]:
        assert self._postgresql is not None
        self._postgresql.send(signal.SIGSTOP)
        yield
        self._postgresql.send(signal.SIGCONT)

    @contextlib.contextmanager
    def _database_killed(self) -> Iterator[None]:
        assert self._postgresql is not None
        self._postgresql.kill()
        yield
        self._postgresql.start()

    @contextlib.contextmanager
    def _state_full(self) -> Iterator[None]:
        self._state_disk.fill()
        yield
        self._state_disk.make_room()

    @contextlib.contextmanager
    def _read_only(self) -> Iterator[None]:
        """Both are started again meanwhile: nothing that is open for writing can be taken away."""
        with self.timeline.noted("recorder killed"):
            self.kill()
            self._remount("ro")
            self.start_recorder(**self._env)
        yield
        with self.timeline.noted("recorder killed"):
            self.kill_recorder()
            self._remount("rw")
            self.start_recorder(**self._env)
        self.launch(**self._env)

    def _remount(self, how: str) -> None:
        command = ["mount", "-o", f"remount,{how}", str(self._state_disk.path)]
        eventually(lambda: subprocess.run(command, check=False).returncode == 0)

    def _add(self, section: str, keys: Mapping[str, Any]) -> None:
        config = yaml.safe_load(self._file.read_text())
        self._file.write_text(yaml.safe_dump({**config, section: dict(keys)}))


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def waited(until: float) -> None:
    """Return at a moment of the monotonic clock."""
    threading.Event().wait(max(0.0, until - time.monotonic()))
