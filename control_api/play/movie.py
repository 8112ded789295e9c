"""Where the samples of an MP4 lie and when they are shown, out of its own index. Pure.

Only what a player without edits of its own needs: one description a track, at most one edit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_api.play.boxes import box
from control_api.play.samples import Numbers, Unfit

_MOST_SAMPLES = 8_000_000
_MOST_BOXES = 1000
_PRESENTATION_TAIL = 60
_VIDEO, _AUDIO = b"vide", b"soun"
_ENTRY_HEADER = 8
_BEFORE_THE_SETUP = {b"vide": 78, b"soun": 28}
"""Bytes of a sample entry before its boxes (ISO/IEC 14496-12, 12.1.3 and 12.2.3)."""
_ES, _DECODER = 3, 4
_RATES = slice(2, 13)
"""Of a decoder's description: the size of its buffer, and its most and average bit rate."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """One track. `shown` is in 1/`scale` s from the movie's second zero, in decoding order; so are
    `sizes`, `places` (in the file that the index is of), `keys` and `durations`."""

    is_picture: bool
    stsd: bytes
    looks: bytes
    language: str
    scale: int
    shown: Numbers
    durations: Numbers
    sizes: Numbers
    places: Numbers
    keys: Numbers

    @property
    def form(self) -> tuple[bool, bytes, bytes]:
        """What two tracks have in common that one decoder can take one after the other."""
        return self.is_picture, _setup(self.stsd, self.is_picture), self.looks


def indexed(movie: bytes) -> list[Indexed]:
    """The first track of video, then the first of audio. Raises Unfit."""
    try:
        return _indexed(memoryview(movie))
    except (struct.error, ValueError, IndexError, KeyError, OverflowError):
        raise Unfit("its index is damaged") from None


def _indexed(movie: memoryview) -> list[Indexed]:
    moov = _one(movie, b"moov")
    mvhd = _one(moov, b"mvhd")
    scale = struct.unpack_from(">I", mvhd, 20 if mvhd[0] else 12)[0]
    found: dict[bytes, Indexed] = {}
    for kind, trak in _boxes(moov):
        if kind == b"trak":
            handler = bytes(_one(_one(trak, b"mdia"), b"hdlr")[8:12])
            if handler in (_VIDEO, _AUDIO) and handler not in found:
                found[handler] = _track(trak, handler == _VIDEO, scale)
    return [found[handler] for handler in (_VIDEO, _AUDIO) if handler in found]


def _track(trak: memoryview, is_picture: bool, movie_scale: int) -> Indexed:
    media = _one(trak, b"mdia")
    mdhd = _one(media, b"mdhd")
    scale, language = _clock(mdhd)
    tables = dict(_boxes(_one(_one(media, b"minf"), b"stbl")))
    sizes = _sizes(tables[b"stsz"])
    count = len(sizes)
    if not 0 < count <= _MOST_SAMPLES or not scale:
        raise Unfit("its index is empty, or too long")
    durations = _spread(_rows(tables[b"stts"], 2), count)
    decoded = np.cumsum(durations) - durations
    offsets = np.zeros(count, np.int64)
    if b"ctts" in tables:
        offsets = _spread(_rows(tables[b"ctts"], 2, ">i4"), count)
    keys = np.ones(count, np.uint8)
    if b"stss" in tables:
        keys[:] = 0
        keys[_rows(tables[b"stss"], 1)[:, 0] - 1] = 1
    return Indexed(
        is_picture=is_picture,
        stsd=box(b"stsd", bytes(tables[b"stsd"])),
        looks=bytes(_one(trak, b"tkhd")[-_PRESENTATION_TAIL:]),
        language=language,
        scale=scale,
        shown=decoded + offsets + _late(trak, scale, movie_scale),
        durations=durations,
        sizes=sizes,
        places=_places(tables, sizes),
        keys=keys,
    )


def _clock(mdhd: memoryview) -> tuple[int, str]:
    at = 20 if mdhd[0] else 12
    scale = struct.unpack_from(">I", mdhd, at)[0]
    packed = struct.unpack_from(">H", mdhd, at + (12 if mdhd[0] else 8))[0]
    return scale, "".join(chr((packed >> shift & 31) + 0x60) for shift in (10, 5, 0))


def _late(trak: memoryview, scale: int, movie_scale: int) -> int:
    """What is to be added to the times of the samples: a pause before them, and what an edit has
    cut away."""
    edts = next((body for kind, body in _boxes(trak) if kind == b"edts"), None)
    if edts is None:
        return 0
    elst = _one(edts, b"elst")
    form = ">Qqi" if elst[0] else ">Iii"
    count = struct.unpack_from(">I", elst, 4)[0]
    if not 1 <= count <= 2:
        raise Unfit("it is edited")
    pause = begin = 0
    for number in range(count):
        length, begin, _ = struct.unpack_from(form, elst, 8 + number * struct.calcsize(form))
        if begin == -1 and number == 0 and movie_scale:
            pause = length * scale // movie_scale
        elif number != count - 1 or begin < 0:
            raise Unfit("it is edited")
    return int(pause - max(0, begin))


def _sizes(stsz: memoryview) -> Numbers:
    size, count = struct.unpack_from(">II", stsz, 4)
    if count > _MOST_SAMPLES:
        raise Unfit("its index is too long")
    if size:
        return np.full(count, size, np.int64)
    return np.frombuffer(stsz, ">u4", count, 12).astype(np.int64)


def _places(tables: dict[bytes, memoryview], sizes: Numbers) -> Numbers:
    is_wide = b"co64" in tables
    table = tables[b"co64" if is_wide else b"stco"]
    count = struct.unpack_from(">I", table, 4)[0]
    chunks = np.frombuffer(table, ">u8" if is_wide else ">u4", count, 8).astype(np.int64)
    rows = _rows(tables[b"stsc"], 3)
    if (rows[:, 2] != 1).any() or rows[0, 0] != 1 or (np.diff(rows[:, 0]) < 1).any():
        raise Unfit("its samples are described in more than one way")
    # Each row holds for the chunks up to the next row's first one.
    lengths = np.diff(rows[:, 0], append=count + 1)
    if lengths.sum() != count or int((lengths * rows[:, 1]).sum()) != len(sizes):
        raise Unfit("its index is damaged")
    per_chunk = np.repeat(rows[:, 1], lengths)
    within = np.cumsum(sizes) - sizes
    firsts = np.cumsum(per_chunk) - per_chunk
    places: Numbers = np.repeat(chunks - within[firsts], per_chunk) + within
    return places


def _rows(table: memoryview, width: int, last: str = ">u4") -> Numbers:
    """Rows of 32-bit numbers; those of the last column may be signed."""
    count = struct.unpack_from(">I", table, 4)[0]
    if not count or count > _MOST_SAMPLES:
        raise Unfit("its index is damaged")
    whole = np.frombuffer(table, ">u4", count * width, 8).reshape(count, width)
    rows = whole.astype(np.int64)
    rows[:, -1] = whole[:, -1].copy().view(last)
    return rows


def _spread(rows: Numbers, count: int) -> Numbers:
    """Runs of (how often, what) as one number a sample."""
    if int(rows[:, 0].sum()) != count:
        raise Unfit("its index is damaged")
    return np.repeat(rows[:, 1], rows[:, 0])


def _setup(stsd: bytes, is_picture: bool) -> bytes:
    """The description of a track without what tells only how many bits it has."""
    entry = stsd[8 + 8 :]
    skip = _ENTRY_HEADER + _BEFORE_THE_SETUP[_VIDEO if is_picture else _AUDIO]
    parts = [entry[4:skip]]
    for kind, body in _boxes(memoryview(entry)[skip:]):
        if kind == b"esds":
            parts.append(kind + _without_rates(bytes(body)))
        elif kind != b"btrt":
            parts.append(kind + bytes(body))
    return b"".join(parts)


def _without_rates(esds: bytes) -> bytes:
    """ISO/IEC 14496-1, 7.2.6.5 and 7.2.6.6; as it is where it is written in another way."""
    at = 4
    for tag, header in ((_ES, 3), (_DECODER, 0)):
        if at >= len(esds) or esds[at] != tag:
            return esds
        at += 1
        while at < len(esds) and esds[at] & 0x80:
            at += 1
        at += 1 + header
    made = bytearray(esds)
    made[at + _RATES.start : at + _RATES.stop] = bytes(_RATES.stop - _RATES.start)
    return bytes(made)


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        header = 8
        if size == 1:
            header, size = 16, struct.unpack_from(">Q", data, at + 8)[0]
        if size < header:
            return
        yield kind, data[at + header : at + size]
        at += size


def _one(data: memoryview, kind: bytes) -> Any:
    for found, body in _boxes(data):
        if found == kind:
            return body
    raise Unfit("its index is damaged")
