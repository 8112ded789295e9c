"""For the modules that do the work, each in a process of its own: what they are given and raise.

Such a module has one function: `work(params, report)`. It returns the job's result, a mapping
that JSON can hold, and calls `report(progress)` or `report(progress, seconds_left)` on the way,
as often as it likes. What it prints goes to the log.

`params["attempt"]` is the number of this attempt. An earlier one may still be running somewhere,
so whatever is written carries that number; the service publishes it (`Kind.finish`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


def attempt_path(params: Mapping[str, Any]) -> Path:
    """The file of this attempt alone, beside `params["output"]`: `name.NUMBER.suffix`."""
    output = Path(params["output"])
    return output.with_name(f"{output.stem}.{params['attempt']}{output.suffix}")


class Report(Protocol):
    def __call__(self, progress: float, seconds_left: float | None = None) -> None:
        """`progress` is from 0 to 1; without `seconds_left` it is worked out."""


class Failed(Exception):
    """It cannot be done, and this sentence tells people why."""
