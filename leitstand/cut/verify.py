"""Checks a clip against its source: every time stamp, the pictures at both ends and at the
seams, and the sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from leitstand.cut import likeness
from leitstand.cut.extent import Extent, extent, usual_ticks
from leitstand.cut.media import (
    Media,
    Scan,
    base,
    opened,
    packets_from,
    seek,
)
from leitstand.cut.request import Cancelled, CannotCopy, CutError, Part, Verdict
from leitstand.cut.verify_audio import (
    LISTEN_SECONDS,
    apart,
    covered,
    lacking,
    listen,
    reach,
)
from leitstand.media.look import Look

if TYPE_CHECKING:
    from leitstand.cut.likeness import Picture

# A container that counts in milliseconds rounds each picture by half of one.
_ROUNDING = Fraction(11, 10_000)


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
        with opened(part.source) as source, opened(clip) as made:
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
        shown, keys, until = tracked(made)
        frames = len(shown)
        # The clip's time 0, on its own time stamps.
        zero = shown[0] * base(made.video) - Fraction(wanted[0]) if shown else zero
        seconds = float(until - zero)
        faults += timing(wanted, in_seconds(shown, made, zero))
        frame = usual_ticks(span.found, source.video) * base(source.video)
        faults += long(made, zero, span.seconds, frame)
        if not faults:
            faults += _shown(source, made, span.found, (shown, keys), step, seen=seen)
    elif span.found is not None or made.video is not None:
        faults.append("it has no frames" if span.found else "it has frames, the range has none")
    if len(made.audio) != len(source.audio):
        faults.append(f"{len(made.audio)} tracks of sound instead of {len(source.audio)}")
    else:
        faults += _heard(source, made, (span.start, span.end), zero)
    return Verdict(tuple(faults), frames, seconds)


def wanted_times(span: Extent, unit: Fraction) -> list[float]:
    """When the frames of a range are to be shown, in seconds from its start; the first one at 0
    if it has begun before."""
    if span.found is None:
        return []
    # Whole numbers until the end: time stamps may be too large for the digits of a float.
    start = math.floor(span.start / unit)
    late = float(span.start - start * unit)
    times = [(pts - start) * float(unit) - late for pts in span.found.shown]
    return [0.0 if time <= unit / 2 else time for time in times[:1]] + times[1:]


def stamps(made: Media) -> tuple[list[int], Fraction]:
    """The time stamp of every packet of the video track, shown or not; and when the last ends."""
    found, _, until = tracked(made)
    return found, until


def tracked(made: Media) -> tuple[list[int], list[int], Fraction]:
    """As `stamps`, with the places of the key frames."""
    found, keys, last = [], set(), 0
    seek(made, made.video, None)
    for packet in made.container.demux(made.video):
        if packet.size and packet.pts is not None:
            found.append(packet.pts)
            last = max(last, packet.pts + (packet.duration or 0))
            if packet.is_keyframe:
                keys.add(packet.pts)
    found.sort()
    places = [place for place, pts in enumerate(found) if pts in keys]
    return found, places, last * base(made.video)


def in_seconds(stamps: Sequence[int], made: Media, zero: Fraction) -> list[float]:
    """Time stamps of a clip, counted from `zero` seconds of its own."""
    unit, start = float(base(made.video)), float(zero)
    return [one * unit - start for one in stamps]


def timing(wanted: Sequence[float], got: Sequence[float]) -> list[str]:
    """Whether the frames are as many as wanted, each at its time; in seconds."""
    if len(wanted) != len(got):
        return [f"{len(got)} pictures instead of {len(wanted)}"]
    off = max((abs(one - other) for one, other in zip(wanted, got, strict=True)), default=0)
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
    track: tuple[Sequence[int], Sequence[int]],
    step: Callable[[], None],
    *,
    seen: Mapping[int, Picture],
) -> list[str]:
    """The pictures at both ends and around the seams, and that they can be decoded."""
    faults = []
    stamps, keys = track
    groups = likeness.places(len(stamps), keys, source_keys(found))
    last = keys[-1] if keys else 0
    if last in source_keys(found) and _same_packets(
        source, made, found.shown[last:], stamps[last:]
    ):
        # What decodes alike at the key frame goes on alike: the rest need not be decoded.
        groups[-1] = [place for place in groups[-1] if place < last + likeness.AFTER]
    like = likeness.first_look(made, stamps[0])
    # Decoding is most of the work, and both can be decoded at once.
    with ThreadPoolExecutor(1) as other:
        for group in groups:
            wanted = [stamps[one] for one in group]
            own = other.submit(likeness.small, made, wanted, step)
            is_seen = set(group) <= seen.keys()
            theirs = seen if is_seen else of_source(source, found, group, step, like=like)
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


def source_keys(found: Scan) -> set[int]:
    """The places of the source's key frames among the pictures of a range."""
    keys = {pts for pts, key in zip(found.pts, found.keys, strict=True) if key}
    return {place for place, pts in enumerate(found.shown) if pts in keys}


def of_source(
    source: Media,
    found: Scan,
    group: Sequence[int],
    step: Callable[[], None],
    *,
    like: Look | None = None,
) -> dict[int, Picture]:
    """The pictures of a group, and those beside them, by their place in the range; as they are
    shown in a clip of the look `like`."""
    places = likeness.beside(found, group)
    wanted = [found.shown[at] for at in group]
    seen = likeness.small(source, wanted, step, also=places, like=like)
    return {places[pts]: picture for pts, picture in seen.items()}


def _heard(
    source: Media, made: Media, span: tuple[Fraction, Fraction], clip_zero: Fraction
) -> list[str]:
    """The audio at the start and at the end, by the shift at which both agree best; and that there
    is some wherever the source has some."""
    faults = []
    length = min(LISTEN_SECONDS, span[1] - span[0])
    for place in range(len(source.audio)):
        for name, at in (("start", Fraction(0)), ("end", span[1] - span[0] - length)):
            heard = listen(source, source.audio[place], span[0] + at, length)
            own = listen(made, made.audio[place], clip_zero + at, length)
            if fault := apart(heard, own, made, made.audio[place]):
                faults.append(f"the sound of track {place} {fault} at the {name}")
        theirs = covered(source, source.audio[place], span[0], span[1] - span[0])
        beside = reach(made, made.audio[place])
        ours = covered(made, made.audio[place], clip_zero, span[1] - span[0], beside)
        if fault := lacking(theirs, ours):
            faults.append(f"the sound of track {place} {fault}")
    return faults
