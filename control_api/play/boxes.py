"""The head of an MP4 whose media lie elsewhere in the same file (ISO/IEC 14496-12). Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from control_api.play.samples import Numbers, Times, runs

MOVIE_SCALE = 1_000_000
_MATRIX = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_NARROW = 1 << 32
_LARGE_MDAT = 16
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_PRESENTATION_TAIL = 60
"""Of `tkhd`: layer, group, volume, matrix, width and height, in both of its versions."""
_UNKNOWN = "und"


@dataclass(frozen=True, slots=True)
class Track:
    """`stsd` and `looks` (the tail of `tkhd`) are as a muxer wrote them; the rest has one entry for
    each sample, in decoding order. `start` is the second of the file's own clock that is shown
    at 0."""

    is_picture: bool
    stsd: bytes
    looks: bytes
    language: str
    times: Times
    sizes: Numbers
    places: Numbers
    keys: Numbers
    start: Fraction


def head(tracks: Sequence[Track], payload: int) -> bytes:
    """Everything before the payload, in which `Track.places` count."""
    kind = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    # The tables are as long whatever the places are.
    length = len(kind) + len(_moov(tracks, 0, True)) + _LARGE_MDAT
    is_wide = length + payload >= _NARROW
    if not is_wide:
        length = len(kind) + len(_moov(tracks, 0, False)) + _LARGE_MDAT
    media = struct.pack(">I4sQ", 1, b"mdat", payload + _LARGE_MDAT)
    return kind + _moov(tracks, length, is_wide) + media


def box(kind: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def written(movie: bytes) -> tuple[bytes, bytes]:
    """`stsd` and the looks of the first track, out of what a muxer wrote."""
    found: dict[bytes, bytes] = {}
    for kind, body in _walk(movie):
        found.setdefault(kind, body)
    return box(b"stsd", found[b"stsd"]), found[b"tkhd"][-_PRESENTATION_TAIL:]


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        body = data[at + 8 : at + size]
        yield kind, body
        if kind in _CONTAINERS:
            yield from _walk(body)
        at += size


def _moov(tracks: Sequence[Track], base: int, is_wide: bool) -> bytes:
    traks = [_trak(track, number, base, is_wide) for number, track in enumerate(tracks, 1)]
    longest = max(_shown(track) for track in tracks)
    header = struct.pack(">QQIQ", 0, 0, MOVIE_SCALE, longest)
    rest = struct.pack(">iHH8x", 1 << 16, 1 << 8, 0) + _MATRIX + bytes(24)
    mvhd = full(b"mvhd", 1, 0, header, rest, struct.pack(">I", len(tracks) + 1))
    return box(b"moov", mvhd, *traks)


def _trak(track: Track, number: int, base: int, is_wide: bool) -> bytes:
    times = track.times
    header = struct.pack(">QQIIQ", 0, 0, number, 0, _shown(track))
    length = int(times.durations.sum())
    mdhd = struct.pack(">QQIQH2x", 0, 0, times.scale, length, _language(track.language))
    kind = b"vide" if track.is_picture else b"soun"
    media = full(b"vmhd", 0, 1, bytes(8)) if track.is_picture else full(b"smhd", 0, 0, bytes(4))
    here = box(b"dinf", full(b"dref", 0, 0, struct.pack(">I", 1), full(b"url ", 0, 1)))
    return box(
        b"trak",
        full(b"tkhd", 1, 3, header, track.looks),
        box(b"edts", _elst(track)),
        box(
            b"mdia",
            full(b"mdhd", 1, 0, mdhd),
            full(b"hdlr", 0, 0, bytes(4), kind, bytes(12), b"\0"),
            box(b"minf", media, here, _stbl(track, base, is_wide)),
        ),
    )


def _elst(track: Track) -> bytes:
    """A pause up to the first sample where it is late; where it is early, its beginning is cut."""
    begin, scale = _begin(track), track.times.scale
    edits = []
    if begin > 0:
        edits.append(struct.pack(">Qqi", begin * MOVIE_SCALE // scale, -1, 1 << 16))
    length = max(0, _shown(track) - max(0, begin) * MOVIE_SCALE // scale)
    edits.append(struct.pack(">Qqi", length, track.times.delay - min(0, begin), 1 << 16))
    return full(b"elst", 1, 0, struct.pack(">I", len(edits)), *edits)


def _begin(track: Track) -> int:
    """When its first sample is shown, in the track's own scale."""
    return track.times.first - round(track.start * track.times.scale)


def _shown(track: Track) -> int:
    """When its last sample ends, in the movie's scale."""
    end = _begin(track) + int(track.times.durations.sum())
    return max(0, end) * MOVIE_SCALE // track.times.scale


def _stbl(track: Track, base: int, is_wide: bool) -> bytes:
    times = track.times
    chunks, per_chunk = _chunks(track)
    places = track.places[chunks] + base
    tables = [track.stsd, _table(b"stts", runs(times.durations))]
    if times.offsets.any():
        tables.append(_table(b"ctts", runs(times.offsets)))
    if not track.keys.all():
        tables.append(_table(b"stss", np.flatnonzero(track.keys) + 1))
    of_chunks = runs(per_chunk)
    firsts = np.cumsum([1] + [count for count, _ in of_chunks])[:-1]
    rows = [(int(one), most, 1) for one, (_, most) in zip(firsts, of_chunks, strict=True)]
    sizes = struct.pack(">II", 0, len(track.sizes)) + track.sizes.astype(">u4").tobytes()
    co = b"co64" if is_wide else b"stco"
    return box(
        b"stbl",
        *tables,
        _table(b"stsc", rows),
        full(b"stsz", 0, 0, sizes),
        _table(co, places, ">u8" if is_wide else ">u4"),
    )


def _chunks(track: Track) -> tuple[Numbers, Numbers]:
    """The first sample of each chunk, and how many it has: those that lie side by side."""
    apart = track.places[1:] != track.places[:-1] + track.sizes[:-1]
    firsts = np.concatenate(([0], np.flatnonzero(apart) + 1))
    return firsts, np.diff(firsts, append=len(track.sizes))


def _table(kind: bytes, rows: Any, form: str = ">u4") -> bytes:
    array = np.asarray(rows)
    return full(kind, 0, 0, struct.pack(">I", len(array)), array.astype(form).tobytes())


def _language(name: str) -> int:
    """Three letters of ISO 639-2 in five bits each."""
    plain = name if len(name) == 3 and name.isascii() and name.islower() else _UNKNOWN
    first, second, third = (ord(letter) - 0x60 for letter in plain)
    return first << 10 | second << 5 | third
