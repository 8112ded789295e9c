"""The sound of a clip: copied by codec frames, or encoded where the container wants another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext

from leitstand.cut.media import Media, base, seek, sound_from
from leitstand.cut.request import CannotCopy, Request

_FITS = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"},
    "mkv": None,
    "webm": {"opus", "vorbis"},
}
# Their frames overlap: the first one decoded is wrong without the one before it.
# (MP3's also borrow bits from up to three before.)
_PRIMED = {"aac": 1, "mp3": 3, "opus": 4, "vorbis": 1}
_BITRATE = 192_000
# So long after the start packets are tried before they are copied.
_TRIED_SECONDS = Fraction(1, 10)
Lost = Callable[[Fraction], None]
# A container that counts in milliseconds rounds by this much.
_ROUNDING = Fraction(2, 1000)
# So far from its video audio may be in a player that goes by the count of samples: less is not
# noticed, and Chromium warns from 50 ms on.
_UNEVEN = Fraction(40, 1000)


@dataclass(frozen=True, slots=True)
class Sound:
    """One encoded piece; times in seconds of the source's time stamps."""

    data: bytes
    time: Fraction
    duration: Fraction


class Uneven(Exception):
    """The time stamps of a track have gaps, or drift, and the container's players go by the count
    of samples; or there is nothing to copy. Never leaves this package."""


def fits(codec: str, container: str) -> bool:
    """Whether sound in `codec` can be copied into `container`."""
    allowed = _FITS[container]
    return allowed is None or codec in allowed


def copied(
    media: Media,
    stream: Any,
    span: tuple[Fraction, Fraction],
    step: Callable[[], None],
    *,
    primed: bool = True,
    even: bool = False,
    lost: Lost = lambda time: None,
) -> Iterator[Sound]:
    """The codec frames that touch `span`, and (`primed`) those before that the decoder needs.

    A broken one at the start is left out, and `lost` called with its time. Raises Uneven where
    they must be `even` and their time stamps are not.
    """
    start, end = span
    needed = _PRIMED.get(stream.codec_context.codec.canonical_name, 0)
    priming = needed if primed else 0
    length = _length(stream)
    waiting: list[Sound] = []
    begun, before = False, Fraction(0)
    packets = _sound_at(start, _packets(media, stream, start, step), stream, lost)
    for sound, off in _steady(packets, length):
        if sound.time >= end:
            break
        if not begun and sound.time + sound.duration <= start:
            waiting = [*waiting, sound][-priming:] if priming else []
            continue
        before = before if begun else off
        if even and abs(off - before) > _UNEVEN:
            raise Uneven(f"its time stamps jump or drift at {float(sound.time - start):.3f} s")
        begun = True
        if waiting and abs(waiting[-1].time + waiting[-1].duration - sound.time) < _ROUNDING:
            yield from waiting
        waiting = []
        yield sound
    if not begun:
        raise Uneven("there is none in the range")


def _length(stream: Any) -> Fraction | None:
    size, rate = getattr(stream.codec_context, "frame_size", 0), stream.codec_context.sample_rate
    return Fraction(size, rate) if size and size > 1 and rate else None


def _packets(media: Media, stream: Any, start: Fraction, step: Callable[[], None]) -> Iterator[Any]:
    unit = base(stream)
    for margin in (Fraction(1, 2), Fraction(5), Fraction(30), None):
        if margin is not None:
            source = sound_from(media, stream, int((start - margin) / unit))
        else:
            seek(media, stream, None)
            source = media.container.demux(stream)
        first = next((one for one in source if one.size and one.pts is not None), None)
        if first is not None and (margin is None or first.pts * unit <= start - Fraction(1, 8)):
            break
    if first is None:
        return
    yield first
    for packet in source:
        step()
        if packet.size and packet.pts is not None:
            yield packet


def _sound_at(start: Fraction, packets: Iterator[Any], stream: Any, lost: Lost) -> Iterator[Any]:
    """The same without those around the start that cannot be decoded: in a file that begins in
    the middle of a stream the first packet may be a piece of one."""
    unit, decoder = base(stream), stream.codec_context
    decoder.flush_buffers()
    for packet in packets:
        time = packet.pts * unit
        try:
            decoder.decode(packet)
        except av.FFmpegError:
            if time + (packet.duration or 0) * unit > start:
                lost(time)
            continue
        yield packet
        if time > start + _TRIED_SECONDS:
            break
    yield from packets


def _steady(packets: Iterator[Any], length: Fraction | None) -> Iterator[tuple[Sound, Fraction]]:
    """Takes the rounding of the container out of the times. With each packet comes by how much it
    is later than those before it are long together."""
    expected: Fraction | None = None
    off = Fraction(0)
    for packet in packets:
        # Fractions are slow, and there are thousands of packets.
        if length and expected is not None and _is_near(packet, expected):
            time, duration = expected, length
        else:
            unit = Fraction(packet.time_base)
            time, duration = packet.pts * unit, length or (packet.duration or 0) * unit
            off += time - expected if expected is not None else 0
        expected = time + duration
        yield Sound(bytes(packet), time, duration), off


def _is_near(packet: Any, time: Fraction) -> bool:
    unit: Fraction = packet.time_base
    said: float = packet.pts * unit.numerator / unit.denominator
    return abs(said - time.numerator / time.denominator) < _ROUNDING


def primes(codec: str, container: str, *, frames: bool) -> bool:
    """Whether a clip begins with the packets of audio before its start that a decoder needs.

    Matroska cannot hide them: alone they would be heard, and Opus needs 80 ms of them.
    """
    return container == "mp4" or (frames and codec != "opus")


def is_counted(container: str) -> bool:
    """Whether players of a container go by the count of samples: browsers do."""
    return container in ("mp4", "webm")


def encoder_name(container: str) -> str:
    """AAC, or Opus for WebM."""
    return "libopus" if container == "webm" else "aac"


def set_up(encoder: AudioCodecContext, stream: Any, request: Request) -> None:
    """Sets up an encoder for the sound of `stream`; does not open it."""
    source = stream.codec_context
    encoder.sample_rate = 48_000 if encoder.name == "libopus" else source.sample_rate
    encoder.layout = "stereo" if source.layout.nb_channels > 1 else "mono"
    encoder.format = "flt" if encoder.name == "libopus" else "fltp"
    encoder.bit_rate = request.audio_bitrate or _BITRATE
    encoder.time_base = Fraction(1, encoder.sample_rate)


def frames(
    media: Media,
    stream: Any,
    span: tuple[Fraction, Fraction],
    step: Callable[[], None],
    lost: Lost = lambda time: None,
) -> Iterator[Any]:
    """Decoded audio of a range and a little before it. A packet that cannot be decoded is left
    out, and `lost` called with its time; raises CannotCopy where none can."""
    start, end = span
    decoder = stream.codec_context
    decoder.flush_buffers()
    unit, good, problem = base(stream), 0, None
    for packet in _packets(media, stream, start, step):
        if packet.pts * unit >= end:
            break
        try:
            made = decoder.decode(packet)
        except av.FFmpegError as error:
            problem = error
            if (packet.pts + (packet.duration or 0)) * unit > start:
                lost(packet.pts * unit)
            continue
        good += 1
        yield from (frame for frame in made if frame.pts is not None)
    if problem is not None and not good:
        raise CannotCopy(f"the sound cannot be decoded: {problem}") from problem


def trimmed(frames: Iterator[Any], start: Fraction, end: Fraction) -> Iterator[Any]:
    """What of the frames lies in [start, end)."""
    for frame in frames:
        time = frame.pts * Fraction(frame.time_base)
        first = max(0, round((start - time) * frame.sample_rate))
        last = min(frame.samples, round((end - time) * frame.sample_rate))
        if first >= last:
            continue
        if (first, last) == (0, frame.samples):
            yield frame
            continue
        channels = frame.layout.nb_channels
        step = 1 if frame.format.is_planar else channels
        part = frame.to_ndarray()[:, first * step : last * step]
        made = av.AudioFrame.from_ndarray(part.copy(), frame.format.name, frame.layout.name)
        made.sample_rate, made.time_base = frame.sample_rate, Fraction(1, frame.sample_rate)
        made.pts = round((time + Fraction(first, frame.sample_rate)) * frame.sample_rate)
        yield made
