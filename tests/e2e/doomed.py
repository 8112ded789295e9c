"""A house whose service is killed at any moment, and the account of what must be there then."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from leitstand.cut.verify import verify
from tests.leitstand.cut.media import Recipe, record
from tests.running import eventually, free_port
from tests.venue import Venue

SECONDS = 6
OVER = ("succeeded", "failed", "cancelled")
KEPT = ("id", "title", "notes", "protected")
_GIVEN_UP = ("was interrupted 3 times", "its worker was killed from outside, or for want of memory")


class Died(Exception):
    """The service was killed before it answered."""


class Doomed(Venue):
    """Its service is forked off a process that has loaded everything: it starts in a second."""

    def __init__(self, folder: Path, recordings: Path) -> None:
        super().__init__(folder, free_port(), recordings)
        self.clips = folder / "state" / "clips"
        self.pid = 0
        self._loaded = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.mortal", str(folder)],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def begin(self, ahead: float = 0.0, every: float = 0.5) -> None:
        """Start it, so many seconds in the future; `every` is that of scan and retention."""
        self.disarm()
        self._write({"ahead": ahead, "every": every})
        self.pid = self._read()
        eventually(self._answers, 30)

    def arm(self, who: str, point: int) -> None:
        """Kill the service or its workers at the n-th point from here; 0 only counts."""
        draft = self.folder / "arm"
        draft.write_text(str(point))
        draft.rename(self.folder / f"arm-{who}")

    def disarm(self) -> None:
        for path in [*self.folder.glob("arm-*"), *self.folder.glob("points-*")]:
            path.unlink()

    def points(self, who: str) -> list[str]:
        path = self.folder / f"points-{who}"
        return path.read_text().splitlines() if path.exists() else []

    def is_dead(self) -> bool:
        return self.pid == 0 or bool(select.select([self._loaded.stdout], [], [], 0)[0])

    def strike(self, *, all_at_once: bool = False) -> None:
        """kill -9 of the service, or of everything, as when the machine dies."""
        if self.pid == 0:
            return
        if not self.is_dead():
            # It may die by itself at any time.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGSTOP)
            for each in self.workers() if all_at_once else ():
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.pid = 0
        assert self._read() == -signal.SIGKILL, (self.folder / "service.log").read_text()[-3000:]

    def workers(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def end(self) -> None:
        self.strike()
        assert self._loaded.stdin is not None
        assert self._loaded.stdout is not None
        self._loaded.stdin.close()
        self._loaded.wait(20)
        self._loaded.stdout.close()

    def _answers(self) -> bool:
        assert not self.is_dead(), (self.folder / "service.log").read_text()[-3000:]
        with contextlib.suppress(requests.ConnectionError):
            return self.ask("GET", "/ping").ok
        return False

    def _write(self, wish: dict[str, float]) -> None:
        assert self._loaded.stdin is not None
        self._loaded.stdin.write(json.dumps(wish).encode() + b"\n")
        self._loaded.stdin.flush()

    def _read(self) -> int:
        assert self._loaded.stdout is not None
        # Byte by byte: whatever is buffered could not be waited for.
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._loaded.stdout.fileno(), 1)
        return int(line)


@dataclass
class Film:
    """`known` was answered for; each of `maybe` may have become true unanswered."""

    content: str
    source: Path
    known: dict[str, Any]
    id: str = ""
    maybe: dict[str, set[Any]] = field(default_factory=dict)


@dataclass
class Order:
    """A clip that was asked for; without a job nobody knows whether it was heard."""

    film: Film
    start: float
    end: float
    mode: str
    job: int | None = None
    is_checked: bool = False


class Account:
    """All films and clips that ever were, and what became of them."""

    def __init__(self, house: Doomed, chance: random.Random) -> None:
        self.house = house
        self.chance = chance
        self.films: list[Film] = []
        self.orders: list[Order] = []
        self.deleted: set[str] = set()
        self.unsure: set[str] = set()
        self._is_thinned = False
        self._count = 0

    def add(self) -> None:
        """A new file in the library, of which there is no second."""
        self._count += 1
        name = f"2026-11-20 {self._count // 60:02}-{self._count % 60:02}-00.mkv"
        source = self.house.folder / f"source-{self._count}.mkv"
        # Of another size each: else one would be a copy of the other.
        size = 320 + 2 * (self._count % 50), 180 + 2 * (self._count // 50)
        options = {"g": "50", "bf": "2", "preset": "ultrafast"}
        record(source, Recipe(seconds=SECONDS, options=options, size=size))
        draft = self.house.recordings / f".{self._count}"
        draft.write_bytes(source.read_bytes())
        os.utime(draft, (time.time() - 3600,) * 2)
        draft.rename(self.house.recordings / name)
        known = {"name": name, "title": "", "protected": False, "place": "shelf"}
        self.films.append(Film(_hash(source), source, known))

    def change(self, film: Film, method: str, way: str, body: Any = None, **into: Any) -> bool:
        """Whether it was done. Raises Died, and then it may have been."""
        before = {key: set(values) for key, values in film.maybe.items()}
        for key, value in into.items():
            film.maybe.setdefault(key, set()).add(value)
        answer = self._ask(method, f"/videos/{film.id}{way}", body)
        film.maybe = before
        if answer.ok:
            film.known |= into
        else:
            assert answer.status_code in (404, 409), answer.text
        return answer.ok

    def order(self, film: Film, start: float, end: float, mode: str) -> Order:
        order = Order(film, start, end, mode)
        self.orders.append(order)
        body = {"video_id": film.id, "start": start, "end": end, "mode": mode, "title": "A"}
        answer = self._ask("POST", "/clips", body)
        if answer.ok:
            order.job = answer.json()["data"]["id"]
        else:
            assert answer.status_code in (404, 409, 429), answer.text
            self.orders.remove(order)
        return order

    def remove_clip(self, id: str) -> None:
        self.unsure.add(id)
        answer = self._ask("DELETE", f"/clips/{id}")
        assert answer.status_code in (200, 404), answer.text
        self.deleted.add(id)

    def retention(self, most: int | None) -> None:
        """Have all that is above this go to the trash, until the next check."""
        self._is_thinned |= most is not None
        self._ask("PATCH", "/settings", {"retention.max_bytes": most})

    def could(self, film: Film, key: str) -> set[Any]:
        """What may be true of it by now."""
        values = {film.known[key]} | film.maybe.get(key, set())
        is_loose = key == "place" and self._is_thinned and False in self.could(film, "protected")
        return values | ({"trash"} if is_loose else set())

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        try:
            return self.house.ask(method, path, body)
        except requests.RequestException as error:
            raise Died from error

    # What must be true when the service is back.

    def check(self) -> None:
        self.house.call("PATCH", "/settings", {"retention.max_bytes": None})
        jobs = self._jobs()
        self._scan()
        self._films()
        self._is_thinned = False
        self._clips(jobs)
        self._nothing_else()

    def _jobs(self) -> dict[int, dict[str, Any]]:
        def over() -> list[dict[str, Any]]:
            jobs = self.house.call("GET", "/jobs?limit=500")
            return jobs if all(job["state"] in OVER for job in jobs) else []

        if not self.house.call("GET", "/jobs?limit=1"):
            return {}
        return {job["id"]: job for job in eventually(over, 90)}

    def _scan(self) -> None:
        began = self.house.call("POST", "/videos/scan")["started_at"]

        def over() -> bool:
            now = self.house.call("GET", "/videos/scan")
            return now["ended_at"] is not None and now["started_at"] != began

        eventually(over, 30)

    def _films(self) -> None:
        shelf = {
            one["name"]: one for one in self.house.call("GET", "/videos?page_size=200")["items"]
        }
        trash = {one["id"]: one for one in self.house.call("GET", "/videos/trash")}
        files: dict[str, list[Path]] = {}
        for path in self.house.recordings.rglob("*.mkv"):
            files.setdefault(_hash(path), []).append(path)
        for film in list(self.films):
            self._film(film, files.pop(film.content, []), shelf, trash)
        assert (files, shelf, trash) == ({}, {}, {})

    def _film(
        self, film: Film, files: list[Path], shelf: dict[str, Any], trash: dict[str, Any]
    ) -> None:
        if not files:
            assert "gone" in self.could(film, "place"), film
            assert film.id not in trash
            self.films.remove(film)
            return
        (path,) = files
        place = "shelf" if path.parent == self.house.recordings else "trash"
        told = shelf.pop(path.name) if place == "shelf" else trash.pop(path.parent.name)
        assert told["state"] == {"shelf": "ready", "trash": "trashed"}[place], told
        seen = {"name": told["name"], "title": told["title"], "protected": told["protected"]}
        for key, value in (seen | {"place": place}).items():
            assert value in self.could(film, key), (key, value, film)
        assert path.name == told["name"]
        assert film.id in ("", told["id"])
        film.id, film.known, film.maybe = told["id"], seen | {"place": place}, {}
        self._sidecar(path, told)

    def _sidecar(self, path: Path, told: dict[str, Any]) -> None:
        sidecar = path.with_name(f"{path.name}.json")
        if not sidecar.exists():
            assert (told["title"], told["protected"], told["notes"]) == ("", False, "")
            return
        said = json.loads(sidecar.read_text())
        assert {key: said[key] for key in KEPT} == {key: told[key] for key in KEPT}
        assert (said["trashed_at"] is None) == (told["trashed_at"] is None)

    def _clips(self, jobs: dict[int, dict[str, Any]]) -> None:
        listed = {one["id"] for one in self.house.call("GET", "/clips?limit=1000")}
        assert not listed & self.deleted
        acknowledged = {order.job: order for order in self.orders}
        unheard = sum(order.job is None for order in self.orders)
        assert set(acknowledged) - {None} <= set(jobs)
        assert len(set(jobs) - set(acknowledged)) <= unheard
        made = set()
        for id, job in jobs.items():
            if job["state"] == "succeeded":
                made.add(job["result"]["clip_id"])
                self._clip(acknowledged.get(id), job["result"]["clip_id"])
            elif job["state"] == "failed":
                assert job["error"] in _GIVEN_UP, job
        assert listed == made - self.deleted - (self.unsure - listed)
        self.unsure -= listed
        self.deleted |= self.unsure
        names = {path.stem for path in self.house.clips.glob("*")} if listed else set()
        assert names == listed, "half of a clip, or one that nobody knows of"

    def _clip(self, order: Order | None, id: str) -> None:
        if order is None or order.is_checked or id in self.deleted | self.unsure:
            return
        order.is_checked = True
        (path,) = self.house.clips.glob(f"{id}.*")
        if order.mode == "copy":
            assert verify(order.film.source, path, 0, order.end).pictures > 0
        else:
            verdict = verify(order.film.source, path, order.start, order.end)
            assert verdict.faults == (), (order, verdict)

    def _nothing_else(self) -> None:
        """No draft stays, no note of a change that is over, no empty folder in the trash."""
        kinds = {path.suffix for path in self.house.folder.rglob("*") if path.is_file()}
        assert not kinds & {".tmp", ".part"}, kinds
        for folder in self.house.recordings.rglob("*"):
            assert not folder.is_dir() or any(folder.iterdir()), folder


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def doomed(folder: Path) -> Iterator[Doomed]:
    recordings = folder / "recordings"
    recordings.mkdir()
    house = Doomed(folder, recordings)
    try:
        yield house
    finally:
        house.end()


Act = Callable[[Account, Film], object]
