"""`python -m tests.e2e.chaos_obs`: a demo OBS that logs its frames, and is spoilt by files."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import Any

from leitstand.demo.obs import DemoObs, Fault
from leitstand.demo.obs.__main__ import serve
from leitstand.demo.obs.record import Record

FPS = 10
_LOOK_SECONDS = 0.05


class LoggedRecord:
    """Writes a line for every recorded frame: its time (CLOCK_MONOTONIC) and its file."""

    def __init__(self, file: Path) -> None:
        self._log = file.open("ab", buffering=0)
        self._write = Record._write

    def install(self) -> None:
        """Take the place of what writes the frames."""
        log, write = self._log, self._write

        def logged(record: Record, index: int) -> None:
            write(record, index)
            clock: Any = record._program.clock
            moment = clock._zero + index / clock.fps
            log.write(f"{moment:.3f} {record.current}\n".encode())

        Record._write = logged  # type: ignore[method-assign]


def follow(folder: Path, demo: DemoObs) -> None:
    """Have the faults after which the files in a folder are named, as long as they are there."""
    while not threading.Event().wait(_LOOK_SECONDS):
        named = {Fault[file.name] for file in folder.iterdir()}
        if named != demo.faults:
            demo.faults.clear()
            demo.faults.update(named)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for name in ("--recordings", "--frames", "--faults"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    LoggedRecord(given.frames).install()
    demo = DemoObs(given.recordings, port=given.port, fps=FPS, size=(64, 36), cluster_seconds=0.5)
    threading.Thread(target=follow, args=(given.faults, demo), daemon=True).start()
    serve(demo)


if __name__ == "__main__":
    main()
