"""A library of 100,000 videos: pages of its list over HTTP, and a scan that finds nothing new."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
import yaml
from sqlalchemy import insert

from control_api.evenings.tables import EveningRow
from control_api.library import portrait
from control_api.library.folders import Folder
from control_api.library.portrait import READY, Place
from control_api.library.tables import VideoRow
from control_api.migrations.migrate import opened
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
from tests import postgresql
from tests.bench.rows import ROUNDS, Row, median
from tests.running import Process, eventually, free_port, leitstand, process

VIDEOS, FEW = 100_000, 1_000
TOKEN = "an-admin-of-the-bench"
BEGINNING = datetime(2016, 1, 1, tzinfo=UTC)
PAGES = {
    "the first page": {},
    "one day": {"day": "2019-05-04"},
    "one studio": {"studio": "stage"},
    "a text that 10 have": {"q": "number 1234"},
    "a text that half of them have": {"q": "evening"},
    "a text that all have, the last page": {"q": ".mkv", "page": 2000},
    "a text that nobody has": {"q": "nowhere to be found"},
    "few of a studio": {"q": "number 1234", "studio": "stage"},
    "many of a day": {"q": "evening", "day": "2019-05-04"},
    "by title": {"sort": "title"},
    "by size": {"sort": "size"},
    "by duration": {"sort": "duration"},
    "oldest first": {"sort": "start"},
    "the page in the middle": {"page": 1000},
    "the last page": {"page": 2000},
    "the page in the middle, by title": {"page": 1000, "sort": "title"},
}
EVENINGS = {
    "the first page": {},
    "the page in the middle": {"page": 100},
    "one studio": {"studio": "stage", "page_size": 200},
    "one month": {"first": "2019-05-01", "last": "2019-05-31"},
}
# The scan of each minute is measured by itself.
_ONE_SCAN = "from control_api.library import room; room._SCAN_SECONDS = 86_400.0; \
import leitstand.cli; leitstand.cli.app()"
KINDS = [{"kind": "video", "codec": "h264", "width": 1920, "height": 1080, "fps": 25.0}]


@dataclass(frozen=True, slots=True)
class Archive:
    """So many files, as OBS calls them, in a folder that the configuration names."""

    folder: Path
    count: int

    @property
    def videos(self) -> Path:
        return self.folder / "videos"

    def make(self) -> None:
        self.videos.mkdir(parents=True)
        for number in range(self.count):
            path = self.videos / f"{_start(number):%Y-%m-%d %H-%M-%S}.mkv"
            path.touch()
            os.utime(path, (_start(number).timestamp() + 1800,) * 2)

    def config(self, url: str, listen: str = "127.0.0.1:1") -> Path:
        api = {
            "listen": listen,
            "state": str(self.folder / "state"),
            "library": str(self.videos),
            "database": url,
            "admin_token": TOKEN,
        }
        file = self.folder / "leitstand.yml"
        file.write_text(yaml.safe_dump({"control_api": api}))
        return file

    def index(self, url: str) -> None:
        """As if every file had been examined."""
        folder = Folder("library", self.videos.resolve())
        with contextlib.closing(opened(url)) as database, database.begin() as session:
            rows = [self._row(folder, number) for number in range(self.count)]
            session.execute(insert(VideoRow), rows)
            evenings = {row["evening_id"]: _evening(row) for row in rows}
            session.execute(insert(EveningRow), list(evenings.values()))

    def _row(self, folder: Folder, number: int) -> dict[str, Any]:
        start = _start(number)
        stat = 0, int((start.timestamp() + 1800) * 10**9)
        place = Place(folder, f"{start:%Y-%m-%d %H-%M-%S}.mkv", stat)
        row = portrait.new(portrait.id_of(place), place, start.timestamp())
        row.title = f"{'Evening' if number % 2 else 'Rehearsal'} number {number}"
        row.studio = ("stage", "hall", "foyer")[number % 3]
        row.start, row.duration, row.state = start.timestamp(), 600.0 + number % 7200, READY
        row.tracks = KINDS
        row.evening_id = hashlib.sha256(f"{row.studio} {start:%Y-%m-%d}".encode()).hexdigest()[:16]
        portrait.is_indexed(row)
        return {column.name: getattr(row, column.name) for column in VideoRow.__table__.columns}


def _start(number: int) -> datetime:
    return BEGINNING + timedelta(minutes=50 * number)


def _evening(video: dict[str, Any]) -> dict[str, Any]:
    """That of a day and a studio."""
    start = video["sort_start"]
    return {
        "id": video["evening_id"],
        "studio": video["studio"],
        "source": "",
        "title": video["title"],
        "start": start,
        "end": start + video["clock_seconds"],
        "date": f"{datetime.fromtimestamp(start, UTC):%Y-%m-%d}",
        "is_by_hand": False,
    }


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, postgresql.running() as server:
        small, large = Archive(Path(folder) / "few", FEW), Archive(Path(folder) / "many", VIDEOS)
        small.make()
        large.make()
        sqlite = {one: f"sqlite:///{one.folder / 'library.db'}" for one in (small, large)}
        for archive, url in sqlite.items():
            archive.index(url)
        yield from _scans(small, large, sqlite)
        yield from _pages(large, sqlite[large], "SQLite")
        yield from _clock(sqlite[large], "SQLite")
        url = server.make()
        large.index(url)
        with psycopg.connect(url, autocommit=True) as connection:
            # Else what is not on the disk yet would not count as seen by all.
            connection.execute("CHECKPOINT")
            # As PostgreSQL does by itself within the minute.
            connection.execute("VACUUM ANALYZE videos")
        yield from _pages(large, url, "PostgreSQL")
        yield from _clock(url, "PostgreSQL")
        yield from _scan_rows(large, url, "PostgreSQL")


def _scans(small: Archive, large: Archive, urls: dict[Archive, str]) -> Iterator[Row]:
    much = yield from _scan_rows(large, urls[large], "SQLite")
    little = min(_scan(small, urls[small])[2] for _ in range(3))
    yield Row(f"its memory, more than for {FEW:,} files", (much - little) / 1e6, "MB", 5)


def _scan_rows(archive: Archive, url: str, where: str) -> Generator[Row, None, float]:
    """Returns the most bytes of memory."""
    took, busy, most = (
        min(found) for found in zip(*(_scan(archive, url) for _ in range(3)), strict=True)
    )
    yield Row(f"scan of {VIDEOS:,} files of which none has changed, {where}", took, "s", 10)
    yield Row("the command's CPU for it", busy, "s")
    return most


def _scan(archive: Archive, url: str) -> tuple[float, float, float]:
    """Seconds, seconds of CPU and the most bytes of memory of the whole command."""
    command = leitstand("library", "scan", "--json", "--config", str(archive.config(url)))
    began = time.perf_counter()
    # Not by subprocess, which does not tell what a child has used.
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=quiet)
    _, status, used = os.wait4(pid, 0)
    assert status == 0, command
    busy = used.ru_utime + used.ru_stime
    return time.perf_counter() - began, busy, used.ru_maxrss * 1024


def _pages(archive: Archive, url: str, where: str) -> Iterator[Row]:
    listen = f"127.0.0.1:{free_port()}"
    config = archive.config(url, listen)
    command = [sys.executable, "-c", _ONE_SCAN, "api", "--config", str(config)]
    with process(command) as service, requests.Session() as http:
        service.find(r"control API .* at (http://\S+)", within=60)
        http.headers["Authorization"] = f"Bearer {TOKEN}"
        address = f"http://{listen}/api/videos"
        eventually(lambda: _get(http, f"{address}/scan")["ended_at"], 120)
        firsts = []
        for what, query in PAGES.items():
            first, took, busy = _page(service, http, address, query)
            firsts.append(first)
            yield Row(f"{where}, {VIDEOS:,} videos, {what}: median", took, "ms", 50)
            yield Row("the service's CPU for it", busy, "ms")
        for what, query in EVENINGS.items():
            _, took, _ = _page(service, http, f"http://{listen}/api/evenings", query)
            yield Row(f"{where}, evenings of 10 years, {what}: median", took, "ms", 50)
    yield Row("the slowest of them, when it is asked for first", max(firsts), "ms")


def _clock(url: str, where: str) -> Iterator[Row]:
    """What an order of a clip by studio and clock asks of the index, for the oldest video."""
    begin = _start(3).timestamp() + 60
    with contextlib.closing(opened(url)) as database:
        timelines = Timelines(TimelineStore(database))
        days = [(begin + day * 86_400, begin + day * 86_400 + 60) for day in range(-40, 1)]

        def find() -> None:
            assert timelines.newest_end("stage")
            assert timelines.newest_shown("stage", days) == days[-1]
            assert timelines.recorded("stage", *days[-1]).spans

        find()
        took = [_seconds(find) * 1000 for _ in range(ROUNDS)]
    yield Row(f"{where}, {VIDEOS:,} videos, by studio and clock: median", median(took), "ms", 10)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _page(
    service: Process, http: requests.Session, address: str, query: dict[str, Any]
) -> tuple[float, float, float]:
    """Wall time of the first request, which counts, and median of others; CPU of the service
    alone, a request."""
    watched = psutil.Process(service.pid)
    began = time.perf_counter()
    total = _get(http, address, query)["total"]
    first = (time.perf_counter() - began) * 1000
    assert total or "nowhere" in query.get("q", ""), query
    took, before = [], sum(watched.cpu_times()[:2])
    for _ in range(ROUNDS):
        began = time.perf_counter()
        _get(http, address, query)
        took.append((time.perf_counter() - began) * 1000)
    spent = sum(watched.cpu_times()[:2]) - before
    return first, median(took), spent * 1000 / ROUNDS


def _get(http: requests.Session, url: str, query: dict[str, Any] | None = None) -> Any:
    answer = http.get(url, params=query, timeout=60)
    assert answer.ok, answer.text
    return json.loads(answer.content)["data"]
