"""Where the samples of an open media file lie, byte by byte, and when they are shown."""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

from control_api.play import boxes
from control_api.play.matroska import Blocks, blocks
from control_api.play.samples import Times, Unfit, picture_scale, sound_step, timed
from leitstand.media.opening import Media
from leitstand.media.tracks import codec_name

_MOST_SAMPLES = 8_000_000
_COMPARED = 4096
_ENDS = 64
_HEADER = 2048
"""A block with laced packets begins with their sizes; no header of a sample is longer."""
_SOUND_SIZES = {
    "aac": (960, 1024, 2048),
    "mp3": (576, 1152),
    "opus": (120, 240, 480, 960, 1920, 2880),
}
"""How much sound one packet may hold, in samples; Opus counts 48,000 a second (RFC 6716, 2.1.4)."""
_LOOKS = (0.0, 0.3, 0.6, 0.9)
"""Shares of a file's length at which the headers are compared with a demuxer."""
_LOOKED_AT = 200
_LONGEST_WAIT = {"video": 5.0, "audio": 0.0}
_OPUS_RATE = 48_000


@dataclass(slots=True)
class Samples(Blocks):
    """Of one track, in the order of the file, from the first key on."""

    first: bytes = b""
    header: int = 0
    """How far into its block the last one began."""
    end: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: as a demuxer has it, its descriptor, and its bytes where it is a Matroska."""

    media: Media
    streams: list[Any]
    file: int
    data: mmap.mmap | None = None

    @property
    def container(self) -> Any:
        return self.media.container


def head(source: Source, until: float) -> bytes:
    """The head of an MP4 that has the whole file as its payload.

    Raises Unfit where a sample does not lie in the file as it would have to, or the clock shows
    `until`.
    """
    found = _by_headers(source, until) or _by_all(source, until)
    streams = [one for one in source.streams if found[one.index].pts]
    if len({one.type for one in streams}) < len({one.type for one in source.streams}):
        raise Unfit("not all of its tracks can be read")
    tracks = [_track(one, found[one.index], source.media.origin) for one in streams]
    return boxes.head(tracks, os.fstat(source.file).st_size)


def _by_all(source: Source, until: float) -> dict[int, Samples]:
    """By what a demuxer says, each sample compared with the file."""
    found = {stream.index: Samples() for stream in source.streams}
    for packet in _packets(source.media, source.streams, until):
        _note(found[packet.stream.index], packet, source.file)
    return found


def _by_headers(source: Source, until: float) -> dict[int, Samples] | None:
    """A Matroska by the headers of its blocks; None where a demuxer sees anything else there."""
    if source.data is None:
        return None
    try:
        return _compared(source, source.data, until)
    except Unfit:
        source.container.seek(source.container.start_time or 0)
        return None


def _compared(source: Source, data: mmap.mmap, until: float) -> dict[int, Samples]:
    seen: dict[int, Samples] = {stream.index: Samples() for stream in source.streams}
    numbers: dict[int, int] = {}
    for packet in _some(source):
        if packet.pos is None or packet.pos < 0:
            raise Unfit("its samples do not lie in one piece")
        numbers[packet.stream.index] = data[packet.pos] & 0x7F
        _note(seen[packet.stream.index], packet, source.file)
    if len(numbers) < len(source.streams):
        raise Unfit("not all of its tracks can be read")
    found = {index: Samples(first=seen[index].first) for index in numbers}
    blocks(data, {number: found[index] for index, number in numbers.items()}, until)
    for index, samples in found.items():
        _agree(samples, seen[index])
    return found


def _some(source: Source) -> Iterator[Any]:
    """Packets from several places of the file."""
    container = source.container
    start, length = container.start_time or 0, container.duration or 0
    for share in _LOOKS:
        if share:
            container.seek(start + int(length * share))
        with contextlib.suppress(av.FFmpegError):
            for count, packet in enumerate(source.media.packets(source.streams)):
                if packet.size:
                    yield packet
                if count > _LOOKED_AT:
                    break


def _agree(found: Samples, seen: Samples) -> None:
    """Let `found` begin where `seen` does. Raises Unfit where they differ."""
    begin = found.places.index(seen.places[0]) if seen.places[0] in found.places else None
    if begin is None:
        raise Unfit("a demuxer sees other samples")
    del found.pts[:begin], found.places[:begin], found.sizes[:begin], found.keys[:begin]
    # What a codec needs before it begins is taken off by the demuxer.
    late = seen.pts[0] - found.pts[0]
    if late:
        found.pts = array("q", (np.frombuffer(found.pts, np.int64) + late).tobytes())
    places = np.frombuffer(found.places, np.int64)
    at = np.searchsorted(places, np.frombuffer(seen.places, np.int64)).clip(max=len(places) - 1)
    for mine, theirs in (
        (found.places, seen.places),
        (found.pts, seen.pts),
        (found.sizes, seen.sizes),
        (array("B", found.keys), array("B", seen.keys)),
    ):
        if (np.asarray(mine)[at] != np.asarray(theirs)).any():
            raise Unfit("a demuxer sees other samples")


def _packets(media: Media, streams: list[Any], until: float) -> Iterator[Any]:
    # What comes before the damage can be played.
    with contextlib.suppress(av.FFmpegError):
        for count, packet in enumerate(media.packets(streams)):
            if packet.size and not packet.is_corrupt:
                yield packet
            if count > _MOST_SAMPLES or (count % 1024 == 0 and time.monotonic() > until):
                raise Unfit("it is too long for an index")


def _note(samples: Samples, packet: Any, file: int) -> None:
    if packet.pts is None:
        raise Unfit("it has pictures or sound without a time")
    if not samples.sizes:
        if not packet.is_keyframe:
            return
        samples.first = bytes(packet)
    size = packet.size
    place = _place(samples, packet, file)
    samples.pts.append(packet.pts)
    samples.places.append(place)
    samples.sizes.append(size)
    samples.keys.append(packet.is_keyframe)
    samples.end = place + size


def _place(samples: Samples, packet: Any, file: int) -> int:
    """Where its bytes are. What is found there is compared: this holds whatever the format."""
    block, data = packet.pos, memoryview(packet)
    if block is None or block < 0:
        raise Unfit("its samples do not lie in one piece")
    if _is_at(file, block + samples.header, data):
        return int(block + samples.header)
    # Packets that are laced into one block follow each other.
    start = max(block, samples.end) if samples.end < block + _HEADER + len(data) else block
    within = os.pread(file, len(data) + _HEADER, start).find(bytes(data))
    if within < 0:
        raise Unfit("its samples are packed")
    if start == block:
        samples.header = within
    return int(start + within)


def _is_at(file: int, place: int, data: memoryview) -> bool:
    if len(data) <= _COMPARED:
        return os.pread(file, len(data), place) == data
    tail = os.pread(file, _ENDS, place + len(data) - _ENDS)
    return os.pread(file, _ENDS, place) == data[:_ENDS] and tail == data[-_ENDS:]


def _track(stream: Any, samples: Samples, origin: Fraction) -> boxes.Track:
    stsd, looks = boxes.written(_muxed(stream, samples.first))
    return boxes.Track(
        is_picture=stream.type == "video",
        stsd=stsd,
        looks=looks,
        language=str(stream.metadata.get("language", "")),
        times=_times(stream, samples),
        sizes=np.frombuffer(samples.sizes, np.uint32).astype(np.int64),
        places=np.frombuffer(samples.places, np.int64),
        keys=np.frombuffer(samples.keys, np.uint8),
        start=origin,
    )


def _times(stream: Any, samples: Samples) -> Times:
    unit = Fraction(stream.time_base)
    shown = np.frombuffer(samples.pts, np.int64)
    if stream.type == "video":
        scale, step = picture_scale(unit, stream.average_rate)
    else:
        codec = codec_name(stream)
        scale = _OPUS_RATE if codec == "opus" else int(stream.codec_context.sample_rate)
        step = sound_step(shown, unit, scale, _SOUND_SIZES.get(codec, ()))
    return timed(shown, unit, scale, step, _LONGEST_WAIT[stream.type])


def _muxed(stream: Any, data: bytes) -> bytes:
    """An MP4 with one sample: it says how the codec is described."""
    made = io.BytesIO()
    try:
        with av.open(made, "w", format="mp4") as container:
            track = container.add_stream_from_template(stream, opaque=True)
            packet = av.Packet(data)
            packet.stream, packet.time_base = track, Fraction(stream.time_base)
            packet.pts = packet.dts = 0
            packet.duration, packet.is_keyframe = 1, True
            container.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        raise Unfit(f"its codec cannot be described ({type(error).__name__})") from None
    return made.getvalue()
