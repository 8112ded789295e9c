"""One cut while it is made: what was asked, how far it is, what every way of making it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from leitstand.cut.files import Files
from leitstand.cut.request import (
    Asked,
    Cancelled,
    CannotCopy,
    Chapter,
    Note,
    Part,
    Progress,
    Request,
    Tags,
)

if TYPE_CHECKING:
    from leitstand.cut.likeness import Picture

_WEBM_PICTURES = {"vp8", "vp9", "av1"}
_MP4_PICTURES = {"h264", "hevc", "vp9", "av1"}
# What is left of the progress is the check.
_WRITING_SHARE = 0.9
# Nobody sees less, and to draw it takes time.
_STEP = 0.002


@dataclass(slots=True)
class Work:
    """One cut: what was asked, where it stands, whether it goes on."""

    request: Request
    container: str
    progress: Progress
    cancelled: Asked
    pictures: int = 0
    pictures_encoded: int = 0
    seconds: float = 0.0
    share: float = 0.0
    seen: dict[int, Picture] = field(default_factory=dict)
    """Pictures of the source that the check will look at, by their place in the range."""
    lost: dict[int, list[Fraction]] = field(default_factory=dict)
    """Times in the clip of audio packets that cannot be decoded, by track."""
    files: Files = field(default_factory=Files)
    """The files of several parts."""
    uneven: str = ""
    """Why no audio can be copied."""

    @property
    def part(self) -> Part:
        """The one part, or the first."""
        return self.request.parts[0]

    def tag(self, found: Sequence[Chapter]) -> None:
        """Gives the clip the chapters of its source, unless it was requested with others."""
        tags = Tags.of(self.request.title)
        if found and not tags.chapters:
            self.request = replace(self.request, title=Tags(tags.title, found))

    def step(self) -> None:
        if self.cancelled():
            raise Cancelled("The clip was cancelled.")

    def notes(self) -> tuple[Note, ...]:
        """What the result is to report."""
        made = [_skipped(track, times) for track, times in sorted(self.lost.items()) if times]
        if self.uneven:
            made.append(Note("audio_encoded", {"track": None, "why": self.uneven}))
        return tuple(made)

    def told(self, start: Fraction, end: Fraction) -> Callable[[Fraction], None]:
        """Takes seconds after `start` and tells the share, which never falls."""
        length = float(end - start) or 1.0

        def tell(time: Fraction) -> None:
            share = min(max(float(time) / length, 0.0), 1.0) * _WRITING_SHARE
            if share - self.share >= _STEP:
                self.share = share
                self.progress(share)

        return tell


def _skipped(track: int, times: Sequence[Fraction]) -> Note:
    first = max(0.0, round(float(min(times)), 3))
    return Note("audio_packets_skipped", {"track": track, "count": len(times), "first": first})


def must_fit(codec: str, container: str) -> None:
    """Raises CannotCopy where pictures in `codec` may not stand in `container`."""
    allowed = {"mp4": _MP4_PICTURES, "webm": _WEBM_PICTURES}.get(container)
    if allowed is not None and codec not in allowed:
        raise CannotCopy(f"pictures in {codec} do not fit into {container}")
