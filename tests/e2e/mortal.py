"""A `leitstand api` to be killed again and again, which begins anew in less than a second.

`python -m tests.e2e.mortal FOLDER` loads the program once. Each line of JSON on stdin forks a
service off it; the answer is that service's process id, then the code that it ended with. All that
differs from the product is what a test cannot wait for, how often retention and scan come by
themselves and what time it is, and that the service and its workers can be killed at `points`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import control_api.bootstrap
import leitstand.cli
from control_api.clock import SystemClock
from control_api.jobs import worker
from control_api.library import room
from tests.e2e.points import Reaper

_ROOT = Path(__file__).resolve().parents[2]
_SITE = """from pathlib import Path
from tests.e2e.points import Reaper
Reaper(Path({!r}), "worker").watch()
"""

assert control_api.bootstrap


def serve(folder: Path, ahead: float, every: float) -> None:
    Reaper(folder, "service").watch()
    environment, path = worker._environment, f"{folder / 'site'}{os.pathsep}{_ROOT}"
    worker._environment = lambda: environment() | {"PYTHONPATH": path}
    SystemClock.now = lambda _: time.time() + ahead  # type: ignore[method-assign]
    room._RETENTION_SECONDS = room._SCAN_SECONDS = every
    sys.argv = ["leitstand", "api", "--config", str(folder / "leitstand.yml")]
    leitstand.cli.app()


def become_service(folder: Path, ahead: float, every: float) -> None:
    with (folder / "service.log").open("a") as log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    try:
        serve(folder, ahead, every)
    finally:
        os._exit(1)


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(_SITE.format(str(folder)))
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            become_service(folder, **json.loads(line))
        say(child)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
