"""Finds the newest second of a file that grows, in a process that cannot open any other.

The file is its standard input; the answer is one line of JSON: `newest` and `size`, or a `code`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from leitstand.media.growth import NotYet, growth
from leitstand.media.sandbox import import_late_modules, lock_in

_LESS_URGENT = 5
"""OBS may need the CPU at the same time."""


def main(demuxer: str) -> None:
    os.nice(_LESS_URGENT)
    import_late_modules()
    lock_in()
    sys.stdout.write(json.dumps(_looked(demuxer)) + "\n")


def _looked(demuxer: str) -> dict[str, Any]:
    with open(0, "rb", buffering=0, closefd=False) as file:
        try:
            found = growth(file, demuxer)
        except NotYet as why:
            return {"code": why.code}
    return {"newest": found.newest, "size": found.size}
