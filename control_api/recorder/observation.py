"""What one look at a studio's recording shows, and what can be asked of OBS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from control_api.recordings.reasons import Reason
from leitstand.recordfile import Progress as Progress


class Unreachable(Exception):
    """OBS does not answer; the text says why, in one line."""


class Refused(Exception):
    """OBS does not do it; the text says what it answered."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a recording.

    `duration` (seconds) and `bytes` are OBS's own counts, which go on over a split. `path` is
    OBS's path of the file that is written now, `file` the same file as this machine sees it.
    `grew`: bytes were seen in the file (where it is not visible: in OBS's count). `still_seconds`
    is for how long nothing has grown. `began` is the Unix time of the first frame, where an event
    told it. `obstacle` is what would keep a recording from starting, while none runs. `stopped`:
    an event told that somebody stopped the recording that ran last. `ended_by` is why OBS stopped
    it unasked, where that was seen; at the first look after its end alone.
    """

    active: bool
    paused: bool = False
    duration: float = 0.0
    bytes: float = 0.0
    path: str | None = None
    file: Path | None = None
    grew: bool = False
    progress: Progress = Progress.HEALTHY
    still_seconds: float = 0.0
    began: float | None = None
    obstacle: Reason | None = None
    stopped: bool = False
    ended_by: Reason | None = None


class RecordOutput(Protocol):
    """The record output of one OBS. Used by one thread at a time."""

    def look(self) -> Observation:
        """Raises Unreachable."""

    def start(self) -> None:
        """Raises Unreachable or Refused."""

    def stop(self) -> None:
        """Raises Unreachable or Refused. An OBS that says it does not record has stopped."""

    def pause(self, paused: bool) -> None:
        """Pause, or go on. Raises Unreachable or Refused."""
