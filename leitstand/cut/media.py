"""A recording opened for reading: where it starts, what is in it, its packets from a key frame."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.video.stream import VideoStream

from leitstand.cut.bitstream import Key, Nals
from leitstand.cut.hidden import CODECS, Reach
from leitstand.cut.request import CannotCopy, CutError
from leitstand.media.opening import origin_of
from leitstand.media.view import View
from leitstand.media.window import Written

READING = {
    "protocol_whitelist": "file",
    "format_whitelist": "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,flv,avi,ogg,wav,mp3,"
    "aac,flac,h264,hevc,mxf",
}
"""How a recording is opened (ffmpeg-formats, "Format Options"): only formats that hold media
themselves, no playlist or script that names other files."""
LARGEST_PIXELS = 8192
"""The widest and highest picture that is decoded: a small file may claim to hold a huge one."""
_DECODING = {"max_pixels": str(LARGEST_PIXELS**2)}
_MICROSECOND = Fraction(1, 1_000_000)
_READ_AT_ONCE = 1 << 16
# How far before the wanted place to seek until a key frame before it is found.
_SEEK_MARGINS = (0, 1, 3, 10, 30, 120)
# No codec keeps more pictures back than 16.
_REORDERED_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Media:
    """An open file. `origin` is the time of second zero, in seconds of its own time stamps."""

    path: Path | Written
    container: InputContainer
    origin: Fraction

    @property
    def video(self) -> VideoStream | None:
        """The first moving picture; cover art is none."""
        for stream in self.container.streams.video:
            if not stream.disposition & av.stream.Disposition.attached_pic:
                return stream
        return None

    @property
    def audio(self) -> list[AudioStream]:
        return [one for one in self.container.streams.audio if one.codec_context is not None]

    @property
    def seconds(self) -> float | None:
        """How long it is, where the container says so."""
        if self.container.duration is None:
            return None
        return self.container.duration / 1e6


@contextmanager
def opened(path: Path | Written) -> Iterator[Media]:
    """Opens a file for reading; raises CutError with a sentence."""
    with ExitStack() as stack:
        if isinstance(path, Written):
            container = _container(path, _written(path, stack))
            origin = path.window.origin
        else:
            if not path.is_file():
                raise CutError(f"There is no file {path.name}.")
            container = _container(path, str(path.resolve()))
            origin = origin_of(container)
        stack.enter_context(container)
        for stream in container.streams.video:
            if stream.codec_context is not None:
                _must_be_decodable(path, stream)
                # A picture may claim to be larger than the file has said.
                stream.codec_context.options = dict(_DECODING)
            stream.thread_type = "AUTO"
        yield Media(path, container, origin)


def _written(path: Written, stack: ExitStack) -> View:
    try:
        return stack.enter_context(path.opened())
    except OSError as error:
        raise CutError(f"There is no file {path.name} any more.") from error


def _container(path: Path | Written, source: str | View) -> InputContainer:
    try:
        return av.open(
            source,
            "r",
            format=path.window.demuxer if isinstance(path, Written) else None,
            # Some pictures are decoded to find out what they are.
            options=_DECODING,
            container_options=READING,
            buffer_size=_READ_AT_ONCE,
        )
    except (av.FFmpegError, ValueError) as error:
        raise CutError(f"{path.name} is in no known format, or damaged: {error}") from error


def _must_be_decodable(path: Path | Written, stream: VideoStream) -> None:
    if max(stream.width, stream.height) > LARGEST_PIXELS:
        raise CutError(
            f"{path.name} has pictures of {stream.width}x{stream.height} pixels; "
            f"at most {LARGEST_PIXELS}x{LARGEST_PIXELS} are allowed."
        )


def tick(seconds: Fraction, unit: Fraction) -> int:
    """The first time stamp at or after `seconds`; half a tick before counts as at them."""
    return math.ceil((seconds - _tolerance(unit)) / unit)


def begins(seconds: Fraction, unit: Fraction) -> int:
    """The last time stamp at or before `seconds`; half a tick after counts as at them."""
    return math.floor((seconds + _tolerance(unit)) / unit)


def _tolerance(unit: Fraction) -> Fraction:
    # Times are requested in microseconds.
    return max(unit / 2, _MICROSECOND)


def base(stream: Any) -> Fraction:
    """The unit of a stream's time stamps, in seconds."""
    unit = stream.time_base
    if unit is None:
        raise CutError("A track of the file has no time base.")
    return Fraction(unit)


def codec_of(stream: Any) -> str:
    """`h264`, `hevc`, `vp9`, `av1` and so on, whatever decodes it."""
    return str(stream.codec_context.codec.canonical_name)


def nals_of(stream: Any) -> Nals | None:
    """The form of H.264 and HEVC; None for other codecs."""
    codec = codec_of(stream)
    return Nals.of(codec, stream.codec_context.extradata) if codec in ("h264", "hevc") else None


def packets_from(media: Media, stream: Any, pts: int) -> Iterator[Any]:
    """Packets in decoding order, beginning with the last key frame at or before `pts`.

    Ends with the empty packet that flushes a decoder. Raises CannotCopy at a packet
    without a time stamp.
    """
    waiting: list[Any] = []
    source = _seeked(media, stream, pts)
    # A seek may land well before: everything up to the nearest key frame is dropped.
    for packet in source:
        if packet.pts is None and packet.size:
            raise CannotCopy("a picture has no time stamp")
        if packet.size and packet.is_keyframe and packet.pts <= pts:
            waiting = []
        waiting.append(packet)
        if not packet.size or _far_after(waiting, pts):
            break
    yield from waiting
    yield from source


def seek(media: Media, stream: Any, pts: int | None) -> None:
    """To a key frame at or before `pts`, or to the beginning (None, or nothing lies before)."""
    start = stream.start_time or 0
    for target in (pts, start - int(10 / base(stream)), start):
        if target is None:
            continue
        try:
            media.container.seek(target, stream=stream)
        except av.FFmpegError:
            # Some formats refuse a place before the first packet.
            continue
        return
    raise CannotCopy("the file cannot be searched")


def sound_from(media: Media, stream: Any, pts: int) -> Iterator[Any]:
    """Packets of a track of sound, beginning before `pts` or with the first one there is.

    Matroska's index has only pictures: by a track that is not in it the whole file would be read.
    """
    if media.video is not None and "matroska" in media.container.format.name:
        seek(media, media.video, int(pts * base(stream) / base(media.video)))
        source = media.container.demux(stream)
        first = next((one for one in source if one.size and one.pts is not None), None)
        if first is not None and first.pts <= pts:
            return _chained(first, source)
    seek(media, stream, pts)
    return media.container.demux(stream)


def _seeked(media: Media, stream: Any, pts: int) -> Iterator[Any]:
    unit = base(stream)
    for margin in _SEEK_MARGINS:
        seek(media, stream, pts - int(margin / unit))
        source = media.container.demux(stream)
        first = _first_key(source)
        if first is not None and first.pts <= pts:
            return _chained(first, source)
    seek(media, stream, None)
    return media.container.demux(stream)


def _first_key(source: Iterator[Any]) -> Any:
    for packet in source:
        if packet.size and packet.is_keyframe and packet.pts is not None:
            return packet
    return None


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _far_after(packets: list[Any], pts: int) -> bool:
    last = packets[-_REORDERED_AT_MOST:]
    return len(last) == _REORDERED_AT_MOST and all(one.pts > pts for one in last)


@dataclass(frozen=True, slots=True)
class Scan:
    """The frames of a range and a few around it, in decoding order.

    `latest` is for each packet the time stamp of the latest frame that it holds. `shown` has the
    frames from the one shown at `start` (which may have begun before) to the last one before `end`.
    `following` is the time stamp after the last one in the range, if there is one.
    """

    pts: array[int]
    keys: bytearray
    latest: array[int]
    start: int
    end: int
    shown: list[int]
    following: int | None


def scan(media: Media, stream: Any, start: int, end: int) -> Scan:
    """Reads the packets of [start, end) and those around them that they need."""
    end = max(end, start + 1)
    name = str(stream.codec_context.codec.canonical_name)
    nals = Nals.of(name, stream.codec_context.extradata) if name in ("h264", "hevc") else None
    pts: array[int] = array("q")
    keys, after = bytearray(), 0
    reach = Reach(name, stream.codec_context.extradata) if name in CODECS else None
    for packet in packets_from(media, stream, start):
        if not packet.size:
            break
        if packet.pts is None:
            raise CannotCopy("a picture has no time stamp")
        pts.append(packet.pts)
        begins = reach is None or reach.add(bytes(packet))
        keys.append(_key(packet, nals, begins=begins))
        after = after + 1 if packet.pts >= end else 0
        if after >= _REORDERED_AT_MOST:
            break
    first = max((one for one in pts if one <= start), default=start)
    decodable = _decodable_from(pts, keys)
    shown = sorted(one for one in pts if one == first or first < one < end)
    shown = [one for one in shown if one >= decodable]
    following = min((one for one in pts if one >= end), default=None)
    latest = pts if reach is None else reach.latest(pts)
    return Scan(pts, keys, latest, start, end, shown, following)


def _decodable_from(pts: Sequence[int], keys: Sequence[int]) -> int:
    """The first frame that can be decoded: in a file that begins between two key frames those
    before the first one cannot, nor those after it that are shown before it."""
    first = next((place for place, key in enumerate(keys) if key), None)
    return min(pts, default=0) if first is None else pts[first]


def _key(packet: Any, nals: Nals | None, *, begins: bool) -> Key:
    if not packet.is_keyframe:
        return Key.NO
    if nals is None:
        return Key.JOINABLE if begins else Key.UNJOINABLE
    return nals.key(bytes(packet))
