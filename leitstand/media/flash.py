"""The tags of an FLV file (Adobe Flash Video File Format 10.1, E.3 and E.4)."""

from __future__ import annotations

from leitstand.media.layout import Bytes, Layout

_FILE_HEADER = 13
_TAG_HEADER, _SIZE = 11, 4
_KINDS = (8, 9, 18)
_HEAD_BYTES = 64 << 10
_TAIL_BYTES = 16 << 20
_IN_A_ROW = 4
"""How many tags must follow each other for the first of them to be one."""


def tags(data: Bytes) -> Layout:
    """The head with the set-up of the codecs, and the whole tags of the last megabytes."""
    layout = Layout()
    layout.head = _after_last(data, _FILE_HEADER, _FILE_HEADER + _HEAD_BYTES)
    begin = max(layout.head, data.size - _TAIL_BYTES)
    tail = data.read(begin, data.size - begin)
    start = 0 if begin == layout.head else _first(tail)
    if start is None:
        layout.is_broken, layout.end = True, layout.head
        return layout
    end = start
    while (following := _following(tail, end)) is not None:
        end = following
    layout.add(begin + start, begin + end)
    layout.is_broken = end + _TAG_HEADER < len(tail) and not _begins_tag(tail, end)
    return layout


def _after_last(data: Bytes, at: int, until: int) -> int:
    """The end of the last whole tag that begins before `until`."""
    head = data.read(0, until + _HEAD_BYTES)
    while at < until and (following := _following(head, at)) is not None:
        at = following
    return at


def _first(tail: bytes) -> int | None:
    """Where the first tag begins in bytes from the middle of a file."""
    for at in range(len(tail) - _TAG_HEADER):
        if tail[at] not in _KINDS or tail[at + 8 : at + 11] != b"\0\0\0":
            continue
        place: int | None = at
        for _ in range(_IN_A_ROW):
            place = _following(tail, place) if place is not None else None
        if place is not None:
            return at
    return None


def _begins_tag(data: bytes, at: int) -> bool:
    return data[at] in _KINDS and data[at + 8 : at + 11] == b"\0\0\0"


def _following(data: bytes, at: int) -> int | None:
    """The end of the tag at `at`; None where none is, or it is not whole."""
    if len(data) < at + _TAG_HEADER or not _begins_tag(data, at):
        return None
    size = _TAG_HEADER + int.from_bytes(data[at + 1 : at + 4])
    end = at + size + _SIZE
    is_whole = len(data) >= end and int.from_bytes(data[at + size : end]) == size
    return end if is_whole else None
