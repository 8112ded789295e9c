"""Checks a clip against its source: every time stamp, the pictures at both ends and at the
seams, and the sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from leitstand.cut import likeness
from leitstand.cut.extent import Extent, extent, usual_ticks
from leitstand.cut.media import (
    Media,
    Scan,
    base,
    opened,
    packets_from,
    seek,
    sound_from,
)
from leitstand.cut.request import Cancelled, CannotCopy, CutError, Part, Verdict

if TYPE_CHECKING:
    from leitstand.cut.likeness import Picture

# A container that counts in milliseconds rounds each picture by half of one.
_ROUNDING = Fraction(11, 10_000)
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


def verify(source: Path, clip: Path, start: float, end: float) -> Verdict:
    """Whether `clip` shows [start, end) of `source`, no more and no less."""
    return check(Part(source, start, end), clip)


def check(
    part: Part,
    clip: Path,
    step: Callable[[], None] = lambda: None,
    seen: Mapping[int, Picture] | None = None,
    *,
    audio_only: bool = False,
) -> Verdict:
    """As `verify`; `step` may raise to stop it. `seen` are pictures of the source that
    have been decoded before, by their place in the range."""
    try:
        with opened(part.path) as source, opened(clip) as made:
            return _checked(part, source, made, step, seen=seen or {}, audio_only=audio_only)
    except Cancelled:
        raise
    except (CannotCopy, CutError, av.FFmpegError) as problem:
        return Verdict((f"it cannot be read: {problem}",), 0, 0.0)


def _checked(
    part: Part,
    source: Media,
    made: Media,
    step: Callable[[], None],
    *,
    seen: Mapping[int, Picture],
    audio_only: bool,
) -> Verdict:
    faults: list[str] = []
    span = extent(part, source, frames=not audio_only)
    frames, seconds, zero = 0, made.seconds or 0.0, Fraction(0)
    if span.found is not None and made.video is not None:
        wanted = wanted_times(span, base(source.video))
        shown, until = stamps(made)
        frames = len(shown)
        # The clip's time 0, on its own time stamps.
        zero = shown[0] * base(made.video) - wanted[0] if shown else zero
        seconds = float(until - zero)
        faults += timing(wanted, [float(one * base(made.video) - zero) for one in shown])
        frame = usual_ticks(span.found, source.video) * base(source.video)
        faults += long(made, zero, span.seconds, frame)
        if not faults:
            faults += _shown(source, made, span.found, shown, step, seen=seen)
    elif span.found is not None or made.video is not None:
        faults.append("it has no frames" if span.found else "it has frames, the range has none")
    if len(made.audio) != len(source.audio):
        faults.append(f"{len(made.audio)} tracks of sound instead of {len(source.audio)}")
    else:
        faults += _heard(source, made, (span.start, span.end), zero)
    return Verdict(tuple(faults), frames, seconds)


def wanted_times(span: Extent, unit: Fraction) -> list[Fraction]:
    """When the frames of a range are to be shown, in seconds from its start; the first one at 0
    if it has begun before."""
    times = [pts * unit - span.start for pts in span.found.shown] if span.found else []
    return [Fraction(0) if time <= unit / 2 else time for time in times]


def stamps(made: Media) -> tuple[list[int], Fraction]:
    """The time stamp of every packet of the video track, shown or not; and when the last ends."""
    found, last = [], 0
    for packet in made.container.demux(made.video):
        if packet.size and packet.pts is not None:
            found.append(packet.pts)
            last = max(last, packet.pts + (packet.duration or 0))
    found.sort()
    return found, last * base(made.video)


def timing(wanted: Sequence[Fraction], got: Sequence[float]) -> list[str]:
    """Whether the frames are as many as wanted, each at its time; in seconds."""
    if len(wanted) != len(got):
        return [f"{len(got)} pictures instead of {len(wanted)}"]
    off = max((abs(float(one) - other) for one, other in zip(wanted, got, strict=True)), default=0)
    return [f"a picture is {off:.4f} s off its time"] if off > _ROUNDING else []


def long(made: Media, zero: Fraction, wanted: Fraction, frame: Fraction) -> list[str]:
    """Whether a clip whose time 0 is `zero` of its own ends after `wanted` seconds. A frame may be
    longer, and a codec frame of audio, which lies up to one beside its time and behind a delay.

    By the file's duration: packets that are decoded in another order than shown do not say how
    long the last frame stays.
    """
    got = Fraction(made.seconds or 0) - zero
    audio = [3 * Fraction(one.frame_size or 0, one.sample_rate) for one in made.audio]
    if not -2 * _ROUNDING < got - wanted < max(frame, *audio, Fraction(0)) + 2 * _ROUNDING:
        return [f"it is {float(got):.3f} s long instead of {float(wanted):.3f} s"]
    return []


def _shown(
    source: Media,
    made: Media,
    found: Scan,
    stamps: Sequence[int],
    step: Callable[[], None],
    *,
    seen: Mapping[int, Picture],
) -> list[str]:
    """The pictures at both ends and around the seams, and that they can be decoded."""
    faults = []
    keys = keys_of(made, stamps)
    groups = likeness.places(len(stamps), keys, source_keys(found))
    last = keys[-1] if keys else 0
    if last in source_keys(found) and _same_packets(
        source, made, found.shown[last:], stamps[last:]
    ):
        # What decodes alike at the key frame goes on alike: the rest need not be decoded.
        groups[-1] = [place for place in groups[-1] if place < last + likeness.AFTER]
    # Decoding is most of the work, and both can be decoded at once.
    with ThreadPoolExecutor(1) as other:
        for group in groups:
            wanted = [stamps[one] for one in group]
            own = other.submit(likeness.small, made, wanted, step)
            is_seen = set(group) <= seen.keys()
            theirs = seen if is_seen else of_source(source, found, group, step)
            ours = own.result()
            for place in group:
                if fault := likeness.unlike(ours[stamps[place]], theirs, place):
                    faults.append(f"picture {place} of {len(stamps)} {fault}")
    return faults


def _same_packets(source: Media, made: Media, theirs: Sequence[int], ours: Sequence[int]) -> bool:
    """Whether the clip has the source's own packets from a key frame on, to its end."""
    return _packets(source, theirs) == _packets(made, ours)


def _packets(media: Media, wanted: Sequence[int]) -> list[bytes]:
    """Those shown at these times, as they are shown."""
    missing = set(wanted)
    found: dict[int, bytes] = {}
    for packet in packets_from(media, media.video, wanted[0]):
        if packet.pts in missing:
            missing.discard(packet.pts)
            found[packet.pts] = bytes(packet)
        if not missing or not packet.size:
            break
    return [found.get(pts, b"") for pts in wanted]


def keys_of(made: Media, stamps: Sequence[int]) -> list[int]:
    """The places of a clip's key frames."""
    seek(made, made.video, None)
    packets = made.container.demux(made.video)
    keys = {packet.pts for packet in packets if packet.size and packet.is_keyframe}
    return [place for place, pts in enumerate(stamps) if pts in keys]


def source_keys(found: Scan) -> set[int]:
    """The places of the source's key frames among the pictures of a range."""
    keys = {pts for pts, key in zip(found.pts, found.keys, strict=True) if key}
    return {place for place, pts in enumerate(found.shown) if pts in keys}


def of_source(
    source: Media, found: Scan, group: Sequence[int], step: Callable[[], None]
) -> dict[int, Picture]:
    """The pictures of a group, and those beside them, by their place in the range."""
    places = likeness.beside(found, group)
    seen = likeness.small(source, [found.shown[at] for at in group], step, also=places)
    return {places[pts]: picture for pts, picture in seen.items()}


def _heard(
    source: Media, made: Media, span: tuple[Fraction, Fraction], clip_zero: Fraction
) -> list[str]:
    """The sound at the start and at the end, by the shift at which both agree best."""
    faults = []
    length = min(LISTEN_SECONDS, span[1] - span[0])
    for place in range(len(source.audio)):
        for name, at in (("start", Fraction(0)), ("end", span[1] - span[0] - length)):
            theirs = listen(source, source.audio[place], span[0] + at, length)
            ours = listen(made, made.audio[place], clip_zero + at, length)
            if fault := apart(theirs, ours, made, made.audio[place]):
                faults.append(f"the sound of track {place} {fault} at the {name}")
    return faults


def apart(theirs: NDArray[np.float32], ours: NDArray[np.float32], made: Media, stream: Any) -> str:
    """What is wrong with sound of the clip (`ours`, from `stream`); empty if nothing is."""
    off = shift(theirs, ours)
    if off is None:
        return "is missing"
    return (
        f"is {off * 1000:.0f} ms off" if abs(off) > _SYNC_SECONDS + _unknown(made, stream) else ""
    )


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
