"""How long a media file is, by the packets that exist and not by what its header declares."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO

import av

from leitstand.media import formats, tracks
from leitstand.media.clusters import clusters
from leitstand.media.flash import tags
from leitstand.media.fragments import fragments
from leitstand.media.layout import Bytes, Layout
from leitstand.media.opening import Media, Unreadable, opened
from leitstand.media.view import part

LAYOUTS: Mapping[str, Callable[[Bytes], Layout | None]] = {
    formats.MATROSKA: clusters,
    formats.MP4: fragments,
    formats.FLASH: tags,
}
"""Formats whose last units are found by their headers."""
_TRANSPORT = "mpegts"
"""The demuxer that finds the end of each track by the last packets itself."""
_FOUND = (_TRANSPORT, "mpeg")
"""Demuxers that find the end of the file that way."""
_ESTIMATED = ("mp3", "aac", "mpegvideo", "h264", "hevc")
"""Demuxers that estimate the end by the bit rate, where no header declares it."""
_LONGEST_STILL = Fraction(10)
"""A last packet may last as long as this, or as the longest step before it; more is a mistake, and
it then lasts as long as the packet before."""
_LOOK_BACK = Fraction(10)
_AGREE_SECONDS = 0.5
"""Declared and existing ends that are no further apart are one."""
_DAMAGE_SECONDS = 1.0
"""What is declared and missing at the end is damage from here on."""
_CPU_SECONDS = 5.0
_WALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Extent:
    """`seconds` of media exist; `declared` is what the header says where more was promised.

    `ends` are the ends of single tracks by their index, in seconds from the origin, as far as they
    were found.
    """

    seconds: float
    declared: float | None = None
    ends: Mapping[int, float] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class End:
    """The last packet of a track: when it is shown, how long, and the steps before it."""

    last: Fraction
    lasts: Fraction
    step: Fraction = Fraction(0)
    longest_step: Fraction = Fraction(0)

    def add(self, at: Fraction, lasts: Fraction) -> None:
        if at >= self.last:
            self.step = at - self.last or self.step
            self.longest_step = max(self.longest_step, self.step)
            self.last, self.lasts = at, lasts

    @property
    def time(self) -> Fraction:
        is_likely = self.lasts <= max(_LONGEST_STILL, self.longest_step)
        return self.last + (self.lasts if is_likely else self.step)


def extent(media: Media, source: BinaryIO) -> Extent:
    """The extent of an open file; reads only its end where the format allows it.

    The position of its demuxer is another one afterwards.
    """
    declared = media.declared
    if declared is not None and media.format in _FOUND:
        return Extent(declared, ends=_declared_ends(media) if media.format == _TRANSPORT else {})
    found = None
    if declared is not None:
        found = _by_layout(media, source) or _by_demuxer(media, declared)
    if found is None:
        found = _counted(media, source)
    if declared is None:
        return Extent(found.seconds, ends=found.tracks)
    if abs(found.seconds - declared) <= _AGREE_SECONDS:
        return Extent(declared, ends=found.tracks)
    is_damage = declared - found.seconds > _DAMAGE_SECONDS and media.format not in _ESTIMATED
    return Extent(found.seconds, declared if is_damage else None, found.tracks)


def ends(media: Media, packets: Iterable[Any]) -> dict[int, End]:
    """The last packet of each track, by its index; what is cut off does not count."""
    found: dict[int, End] = {}
    for packet in packets:
        if not packet.size or packet.pts is None or packet.is_corrupt:
            continue
        unit = Fraction(packet.time_base)
        at, lasts = media.seconds(packet.pts, unit), max(0, packet.duration or 0) * unit
        found.setdefault(packet.stream.index, End(at, lasts)).add(at, lasts)
    return found


def readable(media: Media, is_enough: Callable[[], bool] = lambda: False) -> Iterator[Any]:
    """The packets of video, audio and subtitles up to the first that cannot be read."""
    streams = tracks.timed_tracks(media.container)
    with contextlib.suppress(av.FFmpegError):
        for packet in media.packets(streams) if streams else ():
            yield packet
            if is_enough():
                return


@dataclass(frozen=True, slots=True)
class _Ends:
    """The end of a file, and those of its tracks by their index."""

    seconds: float
    tracks: Mapping[int, float]

    @classmethod
    def of(cls, found: Mapping[int, End]) -> _Ends | None:
        tracks = {index: max(0.0, float(end.time)) for index, end in found.items()}
        return cls(max(tracks.values()), tracks) if tracks else None


def _declared_ends(media: Media) -> dict[int, float]:
    """The ends of the tracks as their demuxer found them."""
    return {
        one.index: float(media.seconds(one.start_time + one.duration, Fraction(one.time_base)))
        for one in tracks.timed_tracks(media.container)
        if one.start_time is not None and one.duration
    }


def _by_layout(media: Media, source: BinaryIO) -> _Ends | None:
    """The end by the last units; None for other formats, and for files broken in the middle."""
    layout_of = LAYOUTS.get(media.format)
    data = Bytes(source)
    layout = layout_of(data) if layout_of is not None else None
    if layout is None or layout.is_broken:
        return None
    view = part(source, media.format, layout.head, layout.tail, data.size)
    with contextlib.suppress(Unreadable, av.FFmpegError), opened(view) as tail:
        return _Ends.of(ends(Media(tail.container, media.origin), readable(tail)))
    return None


def _by_demuxer(media: Media, declared: float) -> _Ends | None:
    """The end by the last packets that a seek finds."""
    target = min(Fraction(declared), _indexed(media) or Fraction(declared)) - _LOOK_BACK
    spent = _Limit()
    try:
        media.container.seek(int((max(Fraction(0), target) + media.origin) * av.time_base))
        found = _Ends.of(ends(media, readable(media, spent)))
    except av.FFmpegError:
        found = None
    return _Ends(declared, {}) if spent.is_over else found


def _indexed(media: Media) -> Fraction | None:
    """When the last sample is decoded that an MP4's index has and its file holds whole."""
    if media.format != formats.MP4:
        return None
    size = media.container.size
    known = [
        media.seconds(entry.timestamp, Fraction(stream.time_base))
        for stream in tracks.timed_tracks(media.container)
        if (entry := _last_within(stream.index_entries, size)) is not None
    ]
    return max(known, default=None)


def _last_within(entries: Any, size: int) -> Any | None:
    for number in range(len(entries) - 1, -1, -1):
        if entries[number].pos + entries[number].size <= size:
            return entries[number]
    return None


def _counted(media: Media, source: BinaryIO) -> _Ends:
    """By reading all packets, or as many as time allows."""
    with contextlib.suppress(av.FFmpegError):
        media.container.seek(media.container.start_time or 0)
    spent = _Limit()
    found, place = _Ends.of(ends(media, readable(media, spent))) or _Ends(0.0, {}), source.tell()
    if not spent.is_over or not place:
        return found
    return _Ends(found.seconds * Bytes(source).size / place, {})


class _Limit:
    """Whether the time that may be spent on counting is over."""

    def __init__(self) -> None:
        self._cpu = time.process_time() + _CPU_SECONDS
        self._wall = time.monotonic() + _WALL_SECONDS
        self.is_over = False

    def __call__(self) -> bool:
        self.is_over = time.process_time() > self._cpu or time.monotonic() > self._wall
        return self.is_over
