"""What tells whether a file goes on in another, read from the file."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from leitstand.cut import mtxi
from leitstand.cut.continuity import LONGEST_OVERLAP, Segment
from leitstand.cut.extent import audio_until, exact, frames_until
from leitstand.cut.media import Media, base, begins, codec_of, scan, tick
from leitstand.cut.request import Part

_LOOK_BACK = 2


def segment(part: Part, media: Media, *, frames: bool) -> Segment:
    """That of a requested range; without `frames` by its audio alone."""
    start, end = media.origin + exact(part.start), media.origin + exact(part.end)
    tracks = [*([media.video] if frames else []), *media.audio]
    is_mp4 = "mp4" in media.container.format.name
    return Segment(
        start,
        end,
        tuple(_begin(media, one) for one in tracks),
        _ends(media, end, frames=frames),
        tuple(_format(one) for one in tracks),
        mtxi.mark(part.source) if is_mp4 else None,
    )


def _begin(media: Media, stream: Any) -> Fraction:
    return media.origin if stream.start_time is None else stream.start_time * base(stream)


def _format(stream: Any) -> tuple[object, ...]:
    context = stream.codec_context
    if stream.type == "video":
        return codec_of(stream), context.width, context.height, context.pix_fmt
    return codec_of(stream), context.sample_rate, context.layout.nb_channels


def _ends(media: Media, end: Fraction, *, frames: bool) -> tuple[Fraction, ...] | None:
    """When the tracks end; None where the file goes on after a range that ends at `end`."""
    after = end + 2 * LONGEST_OVERLAP
    first: list[Fraction] = []
    if frames:
        unit = base(media.video)
        found = scan(media, media.video, begins(end - _LOOK_BACK, unit), tick(after, unit))
        last = frames_until(media, found)
        if last is None or found.following is not None:
            return None
        first = [last]
    ends = [audio_until(media, one, end - _LOOK_BACK, after + 1) for one in media.audio]
    if not first and any(one is None or one > after for one in ends):
        return None
    return (*first, *(end if one is None else one for one in ends))
