"""The range of a recording that a part takes: its frames, and where it begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from leitstand.cut.media import Media, Scan, base, begins, scan, sound_from, tick
from leitstand.cut.request import CutError, Part

# A requested end may lie this far after the end of the recording: durations are rounded.
SLACK_SECONDS = 1
_USUAL_RATE = 30
_LAST_SECONDS = 5
_FRAMES = 10


@dataclass(frozen=True, slots=True)
class Extent:
    """[start, end) in seconds of the file's own time stamps; the end is not after that of the
    recording.

    `found` has the frames, the one shown at the start first; None where none is shown.
    """

    start: Fraction
    end: Fraction
    found: Scan | None

    @property
    def seconds(self) -> Fraction:
        return self.end - self.start


def extent(part: Part, media: Media, *, frames: bool = True) -> Extent:
    """That of a part; raises CutError if it lies outside the recording."""
    span = media.origin + exact(part.start), media.origin + exact(part.end)
    return between(media, *span, frames=frames)


def between(media: Media, start: Fraction, end: Fraction, *, frames: bool = True) -> Extent:
    """Reads the packets of a range in seconds of the file's own time stamps; raises CutError if
    it lies outside the recording. Without `frames` only audio counts.
    """
    found = _frames(media, start, end) if frames and media.video is not None else None
    if found is None or found.following is None:
        end = _recorded_until(media, found, start, end)
    return Extent(start, end, found if found is not None and found.shown else None)


def exact(value: float) -> Fraction:
    """A requested time, to the microsecond."""
    return Fraction(round(value * 1_000_000), 1_000_000)


def usual_ticks(found: Scan, stream: Any) -> int:
    """How long a frame is usually shown, by the last ones; by the track's rate if there is one."""
    shown = sorted(set(found.pts))[-_FRAMES:]
    if len(shown) > 1:
        gaps = sorted(after - one for one, after in pairwise(shown))
        return gaps[(len(gaps) - 1) // 2]
    rate = Fraction(stream.average_rate or stream.guessed_rate or _USUAL_RATE)
    return max(1, round(1 / rate / base(stream)))


def widened(span: Extent, shown: Sequence[int], media: Media) -> Extent:
    """The range of a copy: from the key frame before, and to the end of its last frame."""
    unit, found = base(media.video), span.found
    if found is None:
        return span
    start = min(span.start, shown[0] * unit)
    usual = shown[-1] + usual_ticks(found, media.video)
    following = min((one for one in found.pts if one > shown[-1]), default=usual)
    is_longer = shown[-1] * unit >= span.end
    return Extent(start, following * unit if is_longer else span.end, found)


def _frames(media: Media, start: Fraction, end: Fraction) -> Scan:
    unit = base(media.video)
    return scan(media, media.video, begins(start, unit), tick(end, unit))


def _recorded_until(media: Media, found: Scan | None, start: Fraction, end: Fraction) -> Fraction:
    """The end of the range, or of the recording if that is earlier; raises CutError."""
    last = frames_until(media, found)
    if last is None or last < end:
        ends = [last, *(audio_until(media, one, start, end) for one in media.audio)]
        last = max((one for one in ends if one is not None), default=None)
    if last is None or last <= start:
        raise CutError(_outside(media, start, end))
    if end > last + SLACK_SECONDS:
        after = float(last - media.origin)
        raise CutError(
            f"The recording ends {after:.3f} s after its start, before the end asked for."
        )
    return min(end, last)


def frames_until(media: Media, found: Scan | None) -> Fraction | None:
    """When the last frame that was found ends."""
    if found is None or not found.pts:
        return None
    return (max(found.pts) + usual_ticks(found, media.video)) * base(media.video)


def audio_until(media: Media, stream: Any, start: Fraction, end: Fraction) -> Fraction | None:
    """When the last packet of a track before `end` ends; None if none lies after `start`."""
    for since in (max(start, end - _LAST_SECONDS), start):
        last = _audio_until(media, stream, since, end)
        if last is not None and last > start:
            return last
    return None


def _audio_until(media: Media, stream: Any, since: Fraction, end: Fraction) -> Fraction | None:
    unit, last = base(stream), None
    for packet in sound_from(media, stream, int(since / unit)):
        if not packet.size or packet.pts is None:
            continue
        if packet.pts * unit >= end:
            break
        last = (packet.pts + (packet.duration or 0)) * unit
    return last


def _outside(media: Media, start: Fraction, end: Fraction) -> str:
    length = f" It is {media.seconds:.3f} s long." if media.seconds else ""
    span = f"{float(start - media.origin):g} s to {float(end - media.origin):g} s"
    return f"Nothing was recorded from {span}.{length}"
