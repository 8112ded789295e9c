"""What can be asked of a cut, what comes back, and what can go wrong."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CONTAINERS = ("mp4", "mkv", "webm")

Progress = Callable[[float], None]
Asked = Callable[[], bool]


class CutError(Exception):
    """The clip cannot be made. The text is a sentence for people."""


class Cancelled(CutError):
    """`cancelled` said so; nothing is left behind."""


class CannotCopy(Exception):
    """The pictures cannot be copied exactly; the text says why. Never leaves this package."""


class Mode(enum.StrEnum):
    """`exact`: starts on the frame asked for, copies what it can. `copy`: starts on the key
    frame before. `reencode`: every picture is made anew."""

    EXACT = "exact"
    COPY = "copy"
    REENCODE = "reencode"


@dataclass(frozen=True, slots=True)
class Part:
    """[start, end) of one file, in seconds from the container's start time."""

    path: Path
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Request:
    """`parts` follow each other in the clip. `container` is one of CONTAINERS; None takes
    it from the output's name, else MP4.

    `width`, `height`, `video_bitrate` (bits a second) hold for `reencode` only; `audio_bitrate`
    wherever sound has to be encoded.
    """

    parts: Sequence[Part]
    output: Path
    mode: Mode = Mode.EXACT
    container: str | None = None
    width: int | None = None
    height: int | None = None
    video_bitrate: int | None = None
    audio_bitrate: int | None = None
    audio_only: bool = False
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a clip against its source found; `faults` is empty if it is right."""

    faults: tuple[str, ...]
    pictures: int
    seconds: float

    @property
    def right(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Result:
    """`mode_used` differs from the one asked for where `reason` says why; of several parts it
    also says why the sound was encoded (else empty).

    `pictures_encoded` of `pictures` were made anew.
    """

    path: Path
    mode_used: Mode
    reason: str
    verdict: Verdict | None
    pictures: int
    pictures_encoded: int
    seconds: float
