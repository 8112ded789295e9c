"""`python -m leitstand.demo.obs`: a demo OBS until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from leitstand.demo.obs.demo import DemoObs
from leitstand.signals import stop_event


def serve(demo: DemoObs) -> None:
    """Run until SIGINT or SIGTERM; a recording that runs then is finished properly."""
    ended = stop_event()
    with demo:
        sys.stdout.write(f"{demo.url}\n")
        sys.stdout.flush()
        ended.wait()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="leitstand.demo.obs", description=__doc__)
    parser.add_argument("--port", type=int, default=4455)
    parser.add_argument("--recordings", type=Path, required=True, help="a folder that exists")
    parser.add_argument("--password-file", type=Path, help="first line; without it none is asked")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--size", default="640x360", help="of the picture, WIDTHxHEIGHT")
    given = parser.parse_args(argv)
    password = None
    if given.password_file is not None:
        password = given.password_file.read_text(encoding="utf-8").partition("\n")[0].strip()
    width, height = map(int, given.size.split("x"))
    folder, port = given.recordings.resolve(), given.port
    serve(DemoObs(folder, port=port, password=password, fps=given.fps, size=(width, height)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
