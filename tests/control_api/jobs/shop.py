"""A queue over the tests' kinds of work. Run as a script it is a process that can be killed:
`python -m tests.control_api.jobs.shop URL FOLDER [alone]`."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from control_api.clock import SystemClock
from control_api.database import Database
from control_api.jobs.kinds import Kind, Params, Result
from control_api.jobs.liveness import Pace
from control_api.jobs.service import Job, JobService
from control_api.jobs.store import OPEN, JobStore
from control_api.migrations.migrate import opened
from tests.running import eventually

MODULE = "tests.control_api.jobs.labour"
MEMORY = 512 << 20
PACE = Pace(0.5, 5.0)
HANG = 60.0
"""A worker takes that long to start only on a machine with forty other busy processes."""
"""Of the tests: a heartbeat is soon old, but not on a busy machine."""


@dataclass
class ShiftedClock(SystemClock):
    """The real time, and some more."""

    ahead: float = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@dataclass
class Shop:
    """`is_alone`: no other process runs on the database."""

    database: Database
    folder: Path
    workers: int = 1
    most: int = 20
    is_alone: bool = True
    clock: ShiftedClock = field(default_factory=ShiftedClock)
    ended: list[Job] = field(default_factory=list)
    cleaned: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jobs = JobService(
            JobStore(self.database),
            self.kinds(),
            self.clock,
            workers=lambda: self.workers,
            most_queued=lambda: self.most,
            ended=self.ended.append,
            has_ended=lambda _: self.is_alone,
            pace=PACE,
        )

    def kinds(self) -> Mapping[str, Kind]:
        kinds = [
            Kind("work", MODULE, 60, MEMORY, self.clean, finish=self.finish),
            Kind("short", MODULE, 1, MEMORY, self.clean),
            Kind("huge", MODULE, 60, MEMORY, needs=lambda _: 1 << 60, folder=self.folder),
            Kind("small", MODULE, 60, MEMORY, needs=lambda _: 1, folder=self.folder),
            Kind("nowhere", MODULE, 60, MEMORY, needs=lambda _: 1, folder=self.folder / "gone"),
            Kind("shown", MODULE, 60, MEMORY, finish=lambda *_: {"shown": True}),
            Kind("lost", MODULE, 60, MEMORY, self.clean, finish=_cannot),
            Kind("missing", "tests.control_api.jobs.nobody", 60, MEMORY),
        ]
        return {kind.name: kind for kind in kinds}

    def clean(self, params: Params) -> None:
        self.cleaned.append(f"{params['name']} {params['attempt']}")
        self.part(params["name"], params["attempt"]).unlink(missing_ok=True)

    def finish(self, params: Params, result: Result, _: Session) -> Result:
        """Publish the part, if the work makes one."""
        part = self.part(params["name"], params["attempt"])
        if part.exists():
            part.rename(self.made(params["name"]))
        return result

    def part(self, name: str, attempt: int = 1) -> Path:
        return self.folder / f"{name}.{attempt}.part"

    def made(self, name: str) -> Path:
        return self.folder / f"{name}.done"

    def add(
        self, do: str, name: str = "a", kind: str = "work", by: str = "anna", **more: Any
    ) -> int:
        params = {"do": do, "name": name, "folder": str(self.folder)}
        return self.jobs.add(kind, params, by, **more).id

    def let_go(self, name: str) -> None:
        (self.folder / f"{name}.go").touch()

    def pids(self, name: str) -> list[int]:
        """Of the last attempt: the worker, and who watches over it."""
        note = self.folder / f"{name}.pids"
        lines = eventually(lambda: note.exists() and note.read_text().splitlines())
        assert lines
        return [int(pid) for pid in lines[-1].split()]

    def grandchild(self, name: str) -> int:
        note = self.folder / f"{name}.grandchild"
        return int(eventually(lambda: note.exists() and note.read_text()) or 0)

    def working(self, name: str, attempt: int = 1) -> bool:
        """Wait until it is in the middle of its work."""
        return eventually(
            lambda: self.part(name, attempt).exists() and self.grandchild(name) > 0, HANG
        )

    def done(self, id: int, within: float = 20.0) -> Job:
        """Wait until it is over."""

        def over() -> Job | None:
            job = self.jobs.get(id)
            return job if job.state not in OPEN else None

        job = eventually(over, within)
        assert job is not None
        return job


def _cannot(_: Params, __: Result, ___: Session) -> Result:
    raise OSError("the place is gone")


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def main(url: str, folder: str, alone: str = "") -> None:
    with contextlib.closing(opened(url)) as database:
        shop = Shop(database, Path(folder), is_alone=bool(alone))
        shop.jobs.start()
        sys.stdout.write("started\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
