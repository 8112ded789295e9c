"""What a kind of job is: the module that does it, and what that may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Params = Mapping[str, Any]
Result = Mapping[str, Any]


def _nothing(_: Params) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` has a function `work(params, report)`, see `control_api.jobs.work`.

    `clean` takes away what an attempt that did not succeed has left, such as a `.part` file; it
    may be called more than once. `needs` says how many bytes will be written to `folder`.
    `finish` is called in the service with what the work gave, before the job has succeeded, and
    returns what is shown; after a crash or a failure of the database it is called again.
    `clean`, `needs` and `finish` are called from threads of the jobs' own.
    """

    name: str
    module: str
    seconds_at_most: float
    memory_bytes_at_most: int
    clean: Callable[[Params], None] = _nothing
    needs: Callable[[Params], int] | None = None
    folder: Path | None = None
    finish: Callable[[Params, Result], Result] | None = None
