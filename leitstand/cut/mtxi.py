"""MediaMTX's box in a segment (v1.15.2 and later): which stream, which segment, when it begins."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

from leitstand.cut.continuity import Mark
from leitstand.media.window import Written

_BOX_PATH = (b"moov", b"udta", b"mtxi")
_HEADER = struct.Struct(">I4s")
# Version and flags, stream, number, decoding time and clock in nanoseconds.
_CONTENT = struct.Struct(">4x16sQqq")
_HEAD_BYTES = 1 << 16


def mark(path: Path | Written) -> Mark | None:
    """That of a file; None where it has none."""
    with path.opened() if isinstance(path, Written) else path.open("rb") as file:
        return parsed(file.read(_HEAD_BYTES))


def parsed(head: bytes) -> Mark | None:
    """That of a file that begins with these bytes."""
    for kind in _BOX_PATH:
        found = _content(head, kind)
        if found is None:
            return None
        head = found
    if len(head) < _CONTENT.size:
        return None
    stream, number, time, _ = _CONTENT.unpack_from(head)
    return Mark(stream, number, Fraction(time, 1_000_000_000))


def _content(data: bytes, wanted: bytes) -> bytes | None:
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind = _HEADER.unpack_from(data, at)
        if size < _HEADER.size:
            return None
        if kind == wanted:
            return data[at + _HEADER.size : at + size]
        at += size
    return None
