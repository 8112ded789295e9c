"""What can be asked of a cut, what comes back, and what can go wrong."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leitstand.media.window import Written

CONTAINERS = ("mp4", "mkv", "webm")
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")

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
    """[start, end) of one file, in seconds from the container's start time.

    `size` tells of a file that is being written how many of its bytes are final; `written`, which
    the cutter makes of it, what is read of the file.

    `at` is the clock time of the start in seconds, where it is known: parts that are one stream
    are together as long as their clock times say, even if those of single files are inaccurate.
    """

    path: Path
    start: float
    end: float
    at: float | None = None
    size: int | None = None
    written: Written | None = None

    @property
    def source(self) -> Path | Written:
        """What is read."""
        return self.written or self.path


@dataclass(frozen=True, slots=True)
class Chapter:
    """[start, end) of a clip, in seconds from its first moment that was asked for."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True)
class Tags:
    """What a clip says of itself."""

    title: str | None = None
    chapters: Sequence[Chapter] = ()

    @classmethod
    def of(cls, given: str | Tags | None) -> Tags:
        return given if isinstance(given, Tags) else cls(given)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture (PNG) in one of CORNERS; `width` is its share of the clip's, `opacity` from 0
    (not seen) to 1."""

    path: Path
    corner: str = "top-right"
    width: float = 0.15
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Effects:
    """Seconds in which picture and sound come up from black and silence, and go down to it; and
    a logo. They need `reencode`."""

    fade_in: float = 0.0
    fade_out: float = 0.0
    logo: Logo | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """`parts` follow each other in the clip. `container` is one of CONTAINERS; None takes
    it from the output's name, else MP4.

    `width`, `height`, `video_bitrate` (bits a second) hold for `reencode` only; `audio_bitrate`
    wherever sound has to be encoded. `title` may be Tags, with chapters.
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
    title: str | Tags | None = None
    effects: Effects | None = None


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
class Note:
    """What could not be done exactly: `audio_packets_skipped` (track, count, and the second of the
    clip of the first one) or `audio_encoded` (track None for all, and why)."""

    code: str
    parameters: Mapping[str, object]


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
    notes: tuple[Note, ...] = ()
