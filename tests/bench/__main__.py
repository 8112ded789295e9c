"""Run every benchmark; exit 1 if a budget is missed."""

from __future__ import annotations

import sys

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

BENCHMARKS = (
    exposition.rows,
    service.rows,
    previews.rows,
    studio.rows,
    recorder.rows,
    library.rows,
    rules.rows,
    clip.rows,
    play.rows,
    streams.rows,
)


def main() -> int:
    console = Console()
    table = Table("work", "figure", "budget", "", title="Leitstand against its budgets")
    missed = 0
    with console.status("measuring …") as status:
        for rows in BENCHMARKS:
            for row in rows():
                status.update(f"measuring … {row.work}")
                table.add_row(*row.cells())
                missed += not row.kept
    console.print(table)
    console.print(f"{missed} missed" if missed else "every budget is kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
