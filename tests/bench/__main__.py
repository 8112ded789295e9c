"""Runs the benchmarks, all or those named; exit 1 if a budget is missed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench import (
    clip,
    exposition,
    library,
    play,
    previews,
    recorder,
    rules,
    service,
    streams,
    studio,
)

BENCHMARKS = {
    "exposition": exposition.rows,
    "service": service.rows,
    "previews": previews.rows,
    "studio": studio.rows,
    "recorder": recorder.rows,
    "library": library.rows,
    "rules": rules.rows,
    "clip": clip.rows,
    "play": play.rows,
    "streams": streams.rows,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args(arguments).names
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    console = Console()
    table = Table("work", "figure", "budget", "", title="Leitstand against its budgets")
    missed = 0
    with console.status("measuring …") as status:
        for name in names or BENCHMARKS:
            began = time.monotonic()
            for row in BENCHMARKS[name]():
                status.update(f"measuring … {row.work}")
                if not console.is_terminal:
                    print(*row.cells(), sep="  ", file=sys.stderr, flush=True)
                table.add_row(*row.cells())
                missed += not row.kept
            console.log(f"{name}: measured in {time.monotonic() - began:.0f} s")
    console.print(table)
    console.print(f"{missed} missed" if missed else "every budget is kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
