"""Every packet of a clip, looked at from outside: not through what a player is told to hide."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

# Codec frames before the first one heard, which a decoder needs.
_PRIMING = {"aac": 1, "mp3": 3, "opus": 4, "vorbis": 1}
# Matroska counts in milliseconds.
_NEAR = 0.0011


@dataclass(frozen=True)
class Track:
    """Times in seconds, of packets in the order of the file."""

    codec: str
    pts: list[float]
    dts: list[float | None]
    ends: list[float]
    keys: list[bool]
    hidden: list[bool]
    frame: float


def tracks(clip: Path) -> tuple[Track | None, list[Track]]:
    """The pictures, and each track of sound."""
    with av.open(str(clip)) as opened:
        streams = [one for one in opened.streams if one.type in ("video", "audio")]
        found: dict[int, list[Any]] = {one.index: [] for one in streams}
        for packet in opened.demux(*streams):
            if packet.size:
                found[packet.stream.index].append(packet)
        made = [(one.type, _track(one, found[one.index])) for one in streams]
    pictures = [track for kind, track in made if kind == "video"]
    return pictures[0] if pictures else None, [track for kind, track in made if kind == "audio"]


def _track(stream: Any, packets: list[Any]) -> Track:
    context, unit = stream.codec_context, float(stream.time_base)
    frame = 0.0
    if stream.type == "audio" and context.frame_size:
        frame = context.frame_size / context.sample_rate
    return Track(
        context.codec.canonical_name,
        [one.pts * unit for one in packets],
        [None if one.dts is None else one.dts * unit for one in packets],
        [(one.pts + (one.duration or 0)) * unit for one in packets],
        [one.is_keyframe for one in packets],
        [one.is_discard for one in packets],
        frame,
    )


def faults(clip: Path, times: Sequence[float], end: float) -> list[str]:
    """What is wrong with the packets of a clip whose frames belong at `times` and which ends at
    `end`, in seconds from its time 0; empty if nothing is."""
    pictures, sounds = tracks(clip)
    is_mp4 = clip.suffix == ".mp4"
    found = list(_of_file(clip, late=times[0] > 0)) if is_mp4 else []
    if pictures is None or not pictures.pts:
        return [*found, "no pictures"]
    zero = min(pictures.pts) - times[0]
    # Matroska does not say how long a frame stays: it is as long as the others.
    over = 0.0 if is_mp4 else _frame_length(pictures, end)
    until = _shown_until(clip) if is_mp4 else _ends(pictures, over) - zero
    if not end - 2 * _NEAR <= until <= end + over + 2 * _NEAR:
        found.append(f"it ends at {until:.4f} s instead of {end:.4f} s")
    found += _of_pictures(pictures, [time - zero for time in sorted(pictures.pts)], times)
    for place, sound in enumerate(sounds):
        found += [f"track {place}: {one}" for one in _of_sound(sound, zero, zero + end)]
    return found


def _frame_length(track: Track, end: float) -> float:
    """How long a frame stays in Matroska: as its reader says, or by the steps between frames where
    it has found no rate. A single one stays to the end."""
    said = max(b - a for a, b in zip(track.pts, track.ends, strict=True))
    steps = [b - a for a, b in itertools.pairwise(sorted(track.pts))]
    return said or max(steps, default=end)


def _ends(track: Track, length: float) -> float:
    """When the last frame ends in Matroska, if a frame stays that long."""
    until = max(track.ends)
    return until if until > max(track.pts) else max(track.pts) + length


def _of_pictures(track: Track, shown: list[float], times: Sequence[float]) -> Iterator[str]:
    yield from _of_order(track)
    if not track.keys[0]:
        yield "the first picture is no key frame"
    if any(track.hidden):
        yield "pictures are hidden"
    if track.pts[0] != min(track.pts):
        yield "a picture is shown before the first one decoded"
    if len(shown) != len(times):
        yield f"{len(shown)} pictures instead of {len(times)}"
    elif any(abs(a - b) > _NEAR for a, b in zip(shown, times, strict=True)):
        yield "a picture is not at its time"


def _of_order(track: Track) -> Iterator[str]:
    # Matroska keeps none; where its reader cannot work them out they are missing.
    told = [dts for dts in track.dts if dts is not None]
    if any(after <= before for before, after in itertools.pairwise(told)):
        yield "time stamps of decoding do not rise"
    if len(set(track.pts)) != len(track.pts):
        yield "two packets have one time"
    pairs = zip(track.pts, track.dts, strict=True)
    if any(dts is not None and pts < dts - 1e-6 for pts, dts in pairs):
        yield "a packet is shown before it is decoded"


def _of_sound(track: Track, start: float, end: float) -> Iterator[str]:
    yield from _of_order(track)
    length = track.frame or max((b - a for a, b in zip(track.pts, track.ends, strict=True)))
    early = sum(stop <= start - _NEAR for stop in track.ends)
    if early > _PRIMING.get(track.codec, 0) + 1:
        yield f"{early} packets of sound before the start"
    if track.pts and max(track.pts) >= end + length + _NEAR:
        yield f"sound from {max(track.pts):.3f} s on, the end is {end:.3f} s"
    late = sum(pts >= end + _NEAR for pts in track.pts)
    if late > 1:
        yield f"{late} packets of sound after the end"


def _of_file(clip: Path, *, late: bool) -> Iterator[str]:
    data = clip.read_bytes()
    kinds = [kind for kind, _, _ in boxes(data)]
    if kinds.index("moov") > kinds.index("mdat"):
        yield "moov stands after mdat"
    if "moof" in kinds:
        yield "it is in fragments"
    for track in _inside(data, "moov", "trak"):
        handler = next(_inside(track, "mdia", "hdlr"))[8:12]
        if handler == b"vide":
            yield from _of_edits(track, late=late)


def _of_edits(track: bytes, *, late: bool) -> Iterator[str]:
    """An edit list may only take away the delay of decoding: one edit, from the first frame; and
    one before it that is empty where the first frame is shown later (`late`)."""
    for edits in _inside(track, "edts", "elst"):
        found = list(_edits(edits))
        if len(found) != (2 if late else 1) or [start for _, start in found[:-1]] != [-1] * late:
            yield f"an edit list of {len(found)} edits"
        shift = struct.unpack(">I", _first_offset(track))[0] if found else 0
        if found and found[-1][1] != shift:
            yield f"an edit list from {found[-1][1]} on, the first picture is at {shift}"


def _shown_until(clip: Path) -> float:
    """When the last frame ends. By the edits: of frames that are decoded in another order the
    durations of the packets do not say it."""
    data = clip.read_bytes()
    scale = struct.unpack_from(">I", next(_inside(data, "moov", "mvhd")), 12)[0]
    tracks = _inside(data, "moov", "trak")
    video = next(one for one in tracks if next(_inside(one, "mdia", "hdlr"))[8:12] == b"vide")
    edits = next(_inside(video, "edts", "elst"))
    return float(sum(length for length, _ in _edits(edits)) / scale)


def _edits(data: bytes) -> Iterator[tuple[int, int]]:
    form = ">QqI" if data[0] == 1 else ">IiI"
    for at in range(8, len(data), struct.calcsize(form)):
        length, start, _ = struct.unpack_from(form, data, at)
        yield length, start


def _first_offset(track: bytes) -> bytes:
    """By how much the first picture is shown after it is decoded."""
    for offsets in _inside(track, "mdia", "minf", "stbl", "ctts"):
        return offsets[12:16]
    return bytes(4)


def _inside(data: bytes, *path: str) -> Iterator[bytes]:
    for kind, start, stop in boxes(data):
        if kind == path[0]:
            if len(path) == 1:
                yield data[start:stop]
            else:
                yield from _inside(data[start:stop], *path[1:])


def boxes(data: bytes) -> Iterator[tuple[str, int, int]]:
    """ISO/IEC 14496-12, 4.2: kind, and where its content begins and ends."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        size = size or len(data) - at
        yield kind.decode("latin-1"), at + head, at + size
        at += size
