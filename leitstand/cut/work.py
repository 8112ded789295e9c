"""One cut while it is made: what was asked, how far it is, what every way of making it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from leitstand.cut.media import Media, Scan, base, scan, tick
from leitstand.cut.request import Asked, Cancelled, CannotCopy, CutError, Part, Progress, Request

if TYPE_CHECKING:
    from leitstand.cut.likeness import Picture

_WEBM_PICTURES = {"vp8", "vp9", "av1"}
_MP4_PICTURES = {"h264", "hevc", "vp9", "av1"}
# So much may be asked for after the last picture: durations are rounded.
SLACK_SECONDS = 1.0
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

    @property
    def part(self) -> Part:
        """The one part, or the first."""
        return self.request.parts[0]

    def step(self) -> None:
        if self.cancelled():
            raise Cancelled("The clip was cancelled.")

    def told(self, start: Fraction, end: Fraction) -> Callable[[Fraction], None]:
        """Takes seconds after `start` and tells the share, which never falls."""
        length = float(end - start) or 1.0

        def tell(time: Fraction) -> None:
            share = min(max(float(time) / length, 0.0), 1.0) * _WRITING_SHARE
            if share - self.share >= _STEP:
                self.share = share
                self.progress(share)

        return tell


def scanned(part: Part, media: Media) -> Scan:
    """Looks at the range; raises CutError if it lies outside the recording."""
    stream = media.video
    unit = base(stream)
    start = tick(media.origin + seconds(part.start), unit)
    end = tick(media.origin + seconds(part.end), unit)
    found = scan(media, stream, start, end)
    if not found.shown:
        raise CutError(_outside(part, media))
    last = float(found.shown[-1] * unit - media.origin)
    if found.following is None and part.end > last + SLACK_SECONDS:
        raise CutError(
            f"The recording ends {last:.3f} s after its start, before the end asked for."
        )
    return found


def _outside(part: Part, media: Media) -> str:
    length = f" It is {media.seconds:.3f} s long." if media.seconds else ""
    return f"There is no picture from {part.start:g} s to {part.end:g} s.{length}"


def last_ticks(found: Scan, stream: Any) -> int:
    """How long the last picture is shown, in ticks."""
    usual = max(1, round(1 / Fraction(stream.average_rate or 30) / base(stream)))
    if found.following is None:
        return usual
    gap = found.following - found.shown[-1]
    return gap if gap < 2 * usual else min(gap, max(usual, found.end - found.shown[-1]))


def must_fit(codec: str, container: str) -> None:
    """Raises CannotCopy where pictures in `codec` may not stand in `container`."""
    allowed = {"mp4": _MP4_PICTURES, "webm": _WEBM_PICTURES}.get(container)
    if allowed is not None and codec not in allowed:
        raise CannotCopy(f"pictures in {codec} do not fit into {container}")


def seconds(value: float) -> Fraction:
    """A time as it was asked for, to the microsecond."""
    return Fraction(round(value * 1_000_000), 1_000_000)
