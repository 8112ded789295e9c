"""What a kind of job is: the module that does it, and what that may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Params = Mapping[str, Any]
Result = Mapping[str, Any]


def _nothing(_: Params) -> None:
    pass


def _nothing_of_all(_: Sequence[Params]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` has a function `work(params, report)`, see `control_api.jobs.work`.

    `seconds_at_most` holds for every job, or says for one how long it may take.
    `clean` takes away what an attempt that did not succeed has left, such as a `.part` file; it
    may be called more than once. `needs` says how many bytes will be written to `folder`.
    `finish` is called in the service with what the work gave, before the job has succeeded, and
    returns what is shown; after a crash or a failure of the database it is called again.
    `tidy` is called at the start, before any work, with the parameters of all jobs that are not
    over: it may look for what nobody knows any more.
    All are called from threads of the jobs' own.
    """

    name: str
    module: str
    seconds_at_most: float | Callable[[Params], float]
    memory_bytes_at_most: int
    clean: Callable[[Params], None] = _nothing
    needs: Callable[[Params], int] | None = None
    folder: Path | None = None
    finish: Callable[[Params, Result], Result] | None = None
    tidy: Callable[[Sequence[Params]], None] = _nothing_of_all

    def seconds(self, params: Params) -> float:
        """How long a job with these parameters may take."""
        most = self.seconds_at_most
        return most(params) if callable(most) else most
