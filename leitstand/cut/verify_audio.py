"""Compares the audio of a clip with that of its source."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from leitstand.cut.media import Media, base, sound_from

_SYNC_SECONDS = 0.020
_WANDERING = Fraction(2, 1000)
LISTEN_SECONDS = Fraction(2)
LISTEN_RATE = 8000
_SEARCH_SECONDS = 0.25
_SILENT = 1e-4
_FAINT = 1e-3
_LIKE = 0.3
# Decoders put a short piece of a tone together differently at its ends.
_AS_GOOD = 0.8
_TENTH = 0.1
# Packets of some containers do not say how long they are.
_SHORTEST, _LONGEST = 0.020, 0.120
# Codecs whose packets are all of one length.
_FIXED = {"aac", "ac3", "mp2", "mp3"}


def apart(theirs: NDArray[np.float32], ours: NDArray[np.float32], made: Media, stream: Any) -> str:
    """What is wrong with sound of the clip (`ours`, from `stream`); empty if nothing is."""
    off = shift(theirs, ours)
    if off is None:
        return "is missing"
    return f"is {off * 1000:.0f} ms off" if abs(off) > reach(made, stream) else ""


def reach(made: Media, stream: Any) -> float:
    """By how much audio of a clip may lie beside its time."""
    return _SYNC_SECONDS + _unknown(made, stream)


def _unknown(made: Media, stream: Any) -> float:
    """Without pictures Matroska begins with the codec frame the cut lies in, unsaid."""
    if made.video is not None or "mp4" in made.container.format.name:
        return 0.0
    return (stream.codec_context.frame_size or 0) / float(stream.codec_context.sample_rate)


def listen(media: Media, stream: Any, start: Fraction, length: Fraction) -> NDArray[np.float32]:
    """Mono sound at a low rate from `start` of the file's own time, silence where there is none."""
    heard = np.zeros(int(length * LISTEN_RATE), np.float32)
    unit = base(stream)
    decoder = stream.codec_context
    decoder.flush_buffers()
    resampler = av.AudioResampler("flt", "mono", LISTEN_RATE)
    expected: Fraction | None = None
    for packet in sound_from(media, stream, int((start - Fraction(1, 4)) / unit)):
        if packet.size and packet.pts is not None and packet.pts * unit > start + length:
            break
        for frame in _audio_frames(decoder, packet):
            time = frame.pts * Fraction(frame.time_base)
            # A container's milliseconds would put a tone out of step with itself.
            if expected is not None and abs(time - expected) < _WANDERING:
                time = expected
            expected = time + Fraction(frame.samples, frame.sample_rate)
            for one in resampler.resample(frame):
                _lay(heard, one.to_ndarray()[0], round((time - start) * LISTEN_RATE))
    return heard


def _audio_frames(decoder: Any, packet: Any) -> list[Any]:
    """What is in a packet; nothing where it cannot be decoded."""
    try:
        frames = decoder.decode(packet) if packet.size else []
    except av.FFmpegError:
        return []
    return [frame for frame in frames if frame.pts is not None]


def _lay(heard: NDArray[np.float32], piece: NDArray[np.float32], at: int) -> None:
    first, last = max(at, 0), min(at + len(piece), len(heard))
    if first < last:
        heard[first:last] = piece[first - at : last - at]


def shift(theirs: NDArray[np.float32], ours: NDArray[np.float32]) -> float | None:
    """By how many seconds `ours` comes late; 0 where both are silent, None where one is."""
    loud = [float(np.abs(one).max(initial=0.0)) > _SILENT for one in (theirs, ours)]
    if not any(loud):
        return 0.0
    if not all(loud):
        return None if float(np.square(theirs).sum() + np.square(ours).sum()) > 1e-2 else 0.0
    reach = int(_SEARCH_SECONDS * LISTEN_RATE)
    size = len(theirs) + len(ours) + 2 * reach
    product = np.fft.irfft(np.fft.rfft(ours, size) * np.conj(np.fft.rfft(theirs, size)), size)
    near = np.concatenate([product[-reach:], product[: reach + 1]])
    # A steady tone agrees at many shifts: the one at zero wins if it is as good.
    allowed = int(_SYNC_SECONDS * LISTEN_RATE)
    scale = float(np.sqrt(np.square(theirs).sum() * np.square(ours).sum()))
    if near.max() < _LIKE * scale:
        # Faint noise comes out of a codec as other noise: nothing to compare.
        return None if float(np.square(theirs).mean()) > _FAINT else 0.0
    if near[reach - allowed : reach + allowed + 1].max() >= _AS_GOOD * near.max():
        return 0.0
    return float(np.argmax(near) - reach) / LISTEN_RATE


def covered(
    media: Media, stream: Any, start: Fraction, length: Fraction, near: float = 0.0
) -> NDArray[np.bool_]:
    """Of each tenth of a second from `start` on whether a packet of the track lies in its middle,
    or within `near` seconds of it."""
    unit, zero, longest = float(base(stream)), float(start), _longest(stream)
    spans, last = [(-2.0, -2.0)], float(length) + 1
    for packet in sound_from(media, stream, int((start - Fraction(1, 4)) / base(stream))):
        if packet.size and packet.pts is not None:
            begin = packet.pts * unit - zero
            if begin > last:
                break
            said = max(_SHORTEST, (packet.duration or 0) * unit)
            spans.append((begin, begin + min(longest, said)))
    begins, ends = np.array(spans).T
    middles = np.arange(_TENTH / 2, float(length), _TENTH)
    places = np.searchsorted(begins, middles + near, "right") - 1
    return np.asarray(ends[places] >= middles - near)


def _longest(stream: Any) -> float:
    """How long a packet is at most: in MP4 the one before a gap claims to last until its end."""
    codec = stream.codec_context
    is_fixed = codec.codec.canonical_name in _FIXED and codec.frame_size
    return codec.frame_size / codec.sample_rate if is_fixed else _LONGEST


def lacking(theirs: NDArray[np.bool_], ours: NDArray[np.bool_]) -> str:
    """Where the clip has no audio although the source has; empty if nowhere."""
    missing = np.flatnonzero(theirs & ~ours)
    return f"is missing at {missing[0] * _TENTH:.1f} s" if len(missing) else ""
