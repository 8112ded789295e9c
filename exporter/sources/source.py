"""What every source looks like to the poller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

State_co = TypeVar("State_co", covariant=True)


class SourceError(Exception):
    """Why a source gave nothing this time: one line, fit for a log, without secrets."""


@dataclass(frozen=True, slots=True)
class SourceId:
    """`kind` is what is watched (mediamtx, host, …), `name` which one of them."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Source(Protocol[State_co]):
    """Asks one system; used by one thread, except for `abort`."""

    @property
    def id(self) -> SourceId: ...

    def poll(self) -> State_co:
        """Ask once. Raises SourceError."""
        ...

    def abort(self) -> None:
        """Make a running poll fail at once; called from another thread at shutdown."""
        ...

    def close(self) -> None: ...
