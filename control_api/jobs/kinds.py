"""What a kind of job is: the module that does it, and what that may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

Params = Mapping[str, Any]
Result = Mapping[str, Any]
OpenParams = Callable[[], Sequence[Params]]


def _nothing(_: Params) -> None:
    pass


def _nothing_of_all(_: OpenParams) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` has a function `work(params, report)`, see `control_api.jobs.work`.

    `seconds_at_most` holds for every job, or says for one how long it may take.
    `needs` says how many bytes will be written to the folder of the parameter `output`, or to
    `folder` where there is none.
    All that follows is called in the service, from threads of the jobs' own, with the job's
    parameters and the number of one attempt as `attempt`:
    `clean` takes away the files of that attempt alone, such as a `.part` file; it may be called
    more than once, and while other attempts go on.
    `finish` publishes what the attempt made and returns what is shown. It is called inside the
    transaction that ends the job, which it may write to: nothing else changes the job meanwhile.
    After a crash or a failure of the database it is called again.
    `withdraw` takes away what `finish` has put on disk when its transaction was undone, or the job
    failed after it; it is called inside such a transaction too.
    `tidy` is called at the start with a function that lists the parameters of all jobs that are
    not over: it may remove files that belong to none of them.
    """

    name: str
    module: str
    seconds_at_most: float | Callable[[Params], float]
    memory_bytes_at_most: int
    clean: Callable[[Params], None] = _nothing
    needs: Callable[[Params], int] | None = None
    folder: Path | None = None
    finish: Callable[[Params, Result, Session], Result] | None = None
    withdraw: Callable[[Params], None] = _nothing
    tidy: Callable[[OpenParams], None] = _nothing_of_all

    def seconds(self, params: Params) -> float:
        """How long a job with these parameters may take."""
        most = self.seconds_at_most
        return most(params) if callable(most) else most
