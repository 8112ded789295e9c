"""The end of a file that is still being written: how much of it is final, and up to which second.

A recorder appends whole clusters, fragments, tags or packets. What lies before the end of the last
whole one does not change any more and can be read like a finished file: read-only, and never
locked. A plain MP4 or MOV cannot: its index is written when the recording ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av

from leitstand.media.clusters import clusters
from leitstand.media.extent import readable
from leitstand.media.flash import tags
from leitstand.media.fragments import fragments
from leitstand.media.layout import Bytes, Layout
from leitstand.media.opening import Media, Unreadable, opened
from leitstand.media.transport import packets
from leitstand.media.view import part

_LAYOUTS: Mapping[str, Callable[[Bytes], Layout | None]] = {
    "matroska": clusters,
    "mp4": fragments,
    "mov": fragments,
    "flv": tags,
    "mpegts": packets,
}
_AUDIO_LAG = Fraction(1, 2)
"""Audio that ends earlier than this before the video has stopped, and is not waited for."""


class NotYet(Exception):
    """Nothing of the file can be read so far; `code` is `nothing_written`, `index_at_the_end` (a
    plain MP4 or MOV) or `format_not_growing`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Growth:
    """`newest` seconds from the beginning are final, and so are the first `size` bytes."""

    newest: float
    size: int


def growth(file: BinaryIO, demuxer: str) -> Growth:
    """What is final of a file that grows, `demuxer` being what its name says. Raises NotYet."""
    layout = layout_of(file, demuxer)
    tail = part(file, demuxer, layout.head, layout.tail, layout.end)
    try:
        with opened(part(file, demuxer, 0, 0, layout.end), demuxer) as whole:
            origin = whole.origin
        with opened(tail, demuxer) as media:
            newest = _newest(Media(media.container, origin))
    except (Unreadable, av.FFmpegError):
        raise NotYet("nothing_written") from None
    if newest is None or newest <= 0:
        raise NotYet("nothing_written")
    return Growth(float(newest), layout.end)


def layout_of(file: BinaryIO, demuxer: str) -> Layout:
    """Where the whole units of a file are that grows. Raises NotYet."""
    if demuxer not in _LAYOUTS:
        raise NotYet("format_not_growing")
    data = Bytes(file)
    layout = _LAYOUTS[demuxer](data)
    if layout is None and demuxer in ("mp4", "mov") and data.size:
        raise NotYet("index_at_the_end")
    if layout is None or not layout.starts:
        raise NotYet("nothing_written")
    return layout


def _newest(media: Media) -> Fraction | None:
    """Up to when all video frames are there, and the audio that belongs to them.

    No packet that is still to come is shown before the last one was decoded. What follows the
    start of the last packet is not counted: in a transport stream it may not be whole.
    """
    last: dict[int, Fraction] = {}
    for packet in readable(media):
        stamp = packet.pts if packet.dts is None else packet.dts
        if packet.size and stamp is not None:
            at = media.seconds(stamp, Fraction(packet.time_base))
            last[packet.stream.index] = max(at, last.get(packet.stream.index, at))
    video, audio = _of(media.video, last), _of(next(iter(media.audio), None), last)
    if video is None or audio is None:
        return video if audio is None else audio
    return min(video, max(audio, video - _AUDIO_LAG))


def _of(track: Any, last: Mapping[int, Fraction]) -> Fraction | None:
    return None if track is None else last.get(track.index)
