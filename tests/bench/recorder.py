"""How soon a window is recorded, with the database healthy and locked; what the recorder costs."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from leitstand.demo.obs import DemoObs
from tests.bench.rows import Row, median, percentile
from tests.running import eventually
from tests.venue import ZONE, Venue, venue

_WINDOWS = 20
_EVERY_SECONDS = 6
_LENGTH_SECONDS = 3
_CPU_SECONDS = 60.0


def rows() -> Iterator[Row]:
    """Windows of a few seconds, one after the other, seen by the demo OBS itself."""
    with tempfile.TemporaryDirectory() as name:
        folder, recordings = Path(name), Path(name) / "recordings"
        recordings.mkdir()
        with (
            DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo,
            venue(folder, demo.port, recordings) as house,
        ):
            house.start()
            eventually(lambda: house.status["connected"])
            healthy = _delays(house, demo)
            with _planned(house) as starts, _locked(folder / "state" / "leitstand.db"):
                locked = [_delay(demo, start) for start in starts]
            assert house.recorder is not None
            cpu, memory = _cost(house.recorder.pid)
    for word, delays in (("healthy", healthy), ("locked", locked)):
        what = f"from a window's start to OBS recording, database {word}"
        yield Row(f"{what}: median", median(delays), "s")
        yield Row(f"{what}: p99", percentile(delays, 99), "s", 2)
    yield Row("the recorder: memory", memory / 2**20, "MB", 80)
    yield Row("the recorder: CPU per studio, of a core", cpu, "%", 1)


def _delays(house: Venue, demo: DemoObs) -> list[float]:
    with _planned(house) as starts:
        return [_delay(demo, start) for start in starts]


@contextlib.contextmanager
def _planned(house: Venue) -> Iterator[list[float]]:
    """Windows to come, as schedules of their own; their starts in Unix seconds."""
    first = int(time.time()) + _WINDOWS // 4 + 6
    starts = [float(first + number * _EVERY_SECONDS) for number in range(_WINDOWS)]
    ids = [house.call("POST", "/schedules", _schedule(start))["id"] for start in starts]
    yield starts
    for number in ids:
        house.call("DELETE", f"/schedules/{number}")


def _schedule(start: float) -> dict[str, object]:
    begin = datetime.fromtimestamp(start, ZONE)
    end = begin + timedelta(seconds=_LENGTH_SECONDS)
    return {
        "title": "bench",
        "weekdays": [],
        "add": [begin.date().isoformat()],
        "start": begin.strftime("%H:%M:%S"),
        "end": end.strftime("%H:%M:%S"),
    }


def _delay(demo: DemoObs, start: float) -> float:
    """Seconds from the start of a window until OBS writes its file."""
    eventually(lambda: demo.recording is None and time.time() > start - 1, 60)
    eventually(lambda: demo.recording is not None, 30)
    began = time.time()
    eventually(lambda: demo.recording is None, 30)
    return began - start


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _cost(pid: int) -> tuple[float, float]:
    """Percent of a core over a minute, and resident bytes after it."""
    process = psutil.Process(pid)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(_CPU_SECONDS)
    spent = sum(process.cpu_times()[:2]) - before
    return 100 * spent / (time.monotonic() - began), float(process.memory_info().rss)
