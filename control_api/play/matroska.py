"""Where a Matroska file keeps its samples, by the headers of its blocks alone (RFC 9559).

A demuxer reads all of a file; this reads a few bytes of each block. It knows only what recorders
write, and gives up on anything else. Whoever uses it compares it with a demuxer.
"""

from __future__ import annotations

import mmap
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from control_api.play.samples import Unfit

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_TIMESTAMP, _SIMPLE_BLOCK, _GROUP, _BLOCK, _REFERENCE = 0xE7, 0xA3, 0xA0, 0xA1, 0xFB
_LACING, _KEY = 0x06, 0x80
_LENGTHS = [0] + [9 - number.bit_length() for number in range(1, 256)]
"""First byte -> how many bytes a number has (RFC 8794, 4)."""
_UNKNOWN = -1
_LONGEST_HEADER = 16


@dataclass(slots=True)
class Blocks:
    """Of one track, in the order of the file; times in the file's ticks."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    keys: bytearray = field(default_factory=bytearray)


def blocks(data: mmap.mmap, tracks: Mapping[int, Blocks], until: float) -> None:
    """Fills `tracks`, by track number, each number below 127; also of a file that was cut off.

    Raises Unfit where it is damaged, blocks are laced, or the clock shows `until`.
    """
    at, end = 0, len(data)
    while at < end - _LONGEST_HEADER:
        id, body, size = _element(data, at)
        if id == _SEGMENT:
            at = body
        elif id == _CLUSTER:
            at = _cluster(data, body, end if size == _UNKNOWN else min(end, body + size), tracks)
            if time.monotonic() > until:
                raise Unfit("it is too long for an index")
        elif size == _UNKNOWN:
            raise Unfit("it is damaged")
        else:
            at = body + size


def _cluster(data: mmap.mmap, at: int, end: int, tracks: Mapping[int, Blocks]) -> int:
    """Where it ends; the one of a file that is cut off, or of a live one, has no size."""
    began, last = 0, len(data) - _LONGEST_HEADER
    while at < end:
        header = data[at : at + _LONGEST_HEADER]
        # Most of a file's elements, by far: everything of them is read at once.
        if header[0] == _SIMPLE_BLOCK and at <= last:
            length = _LENGTHS[header[1]]
            size = int.from_bytes(header[1 : 1 + length]) & ((1 << 7 * length) - 1)
            body = at + 1 + length
            at = body + size
            if at <= end:
                _take(header[1 + length :], body, size, began, tracks)
            continue
        if at > last:
            return end
        id, body, size = _element(data, at)
        if id == _CLUSTER:
            return at
        if size == _UNKNOWN:
            raise Unfit("it is damaged")
        if id == _TIMESTAMP:
            began = int.from_bytes(data[body : body + size])
        elif id == _GROUP:
            _group(data, body, min(end, body + size), began, tracks)
        at = body + size
    return at


def _group(data: mmap.mmap, at: int, end: int, began: int, tracks: Mapping[int, Blocks]) -> None:
    """A block with more told about it: it is a key where it refers to no other."""
    block, is_key = None, True
    while at < end:
        id, body, size = _element(data, at)
        if size == _UNKNOWN:
            raise Unfit("it is damaged")
        if id == _BLOCK:
            block = body, size
        is_key = is_key and id != _REFERENCE
        at = body + size
    if block is not None and at <= len(data):
        body, size = block
        header = bytearray(data[body : body + _LONGEST_HEADER])
        if len(header) > 3:
            header[3] = header[3] & ~_KEY | (_KEY if is_key else 0)
            _take(bytes(header), body, size, began, tracks)


def _take(header: bytes, body: int, size: int, began: int, tracks: Mapping[int, Blocks]) -> None:
    """A block: track, time from its cluster's, flags, and the sample (RFC 9559, 10.1)."""
    track = tracks.get(header[0] & 0x7F)
    if track is None or size <= 4:
        return
    flags = header[3]
    if flags & _LACING:
        raise Unfit("its samples are laced")
    track.pts.append(began + (header[1] << 8 | header[2]) - (header[1] >> 7 << 16))
    track.places.append(body + 4)
    track.sizes.append(size - 4)
    track.keys.append(flags >> 7)


def _element(data: mmap.mmap, at: int) -> tuple[int, int, int]:
    """Id, place and length of what is in it. Raises Unfit where there is none."""
    header = data[at : at + 12]
    length = _LENGTHS[header[0]] if header else 0
    more = _LENGTHS[header[length]] if 1 <= length <= 4 and length < len(header) else 0
    if not more or len(header) < length + more:
        raise Unfit("it is damaged")
    size = int.from_bytes(header[length : length + more]) & ((1 << 7 * more) - 1)
    is_unknown = size == (1 << 7 * more) - 1
    id = int.from_bytes(header[:length])
    return id, at + length + more, _UNKNOWN if is_unknown else size
