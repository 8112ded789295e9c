"""The tags of an FLV file (Adobe Flash Video File Format 10.1, E.3 and E.4)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from leitstand.media.layout import Bytes, Layout

_FILE_HEADER = 13
_TAG_HEADER, _SIZE = 11, 4
_KINDS = (8, 9, 18)
_HEAD_BYTES = 64 << 10
_TAIL_BYTES = 16 << 20
_IN_A_ROW = 4
"""How many tags must follow each other for the first of them to be one."""
_AUDIO, _VIDEO, _SCRIPT = _KINDS
_HAS_VIDEO = 1
_AAC = 10
_KEY = 1
_MARGIN_SECONDS = 1
_LOOK_BACK_SECONDS = (10, 30, 120)
_NEAR_BYTES = 1 << 16


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


def between(data: Bytes, start: Fraction, end: Fraction) -> dict[str, Any] | None:
    """The set-up of the codecs as `head`, where a key frame's tag well before `start` begins
    (`first`, and `at` in what is read then) and where the tags after `end` do (`until`); None
    where there is none. It is searched by the times that tags tell."""
    head, begin = _set_up(data)
    needs_key = bool(head[4] & _HAS_VIDEO) if len(head) > 4 else False
    until = _place(data, begin, end)
    for seconds in _LOOK_BACK_SECONDS:
        place = _place(data, begin, start - seconds)
        for at, time, is_key in _tags_from(data, place):
            if time > start - _MARGIN_SECONDS:
                break
            if is_key or not needs_key:
                return {"head": head, "first": at, "at": len(head), "until": until}
    return None


def _set_up(data: Bytes) -> tuple[bytes, int]:
    """The file's header with the tags that set up the codecs, and where the other tags begin."""
    head = data.read(0, _FILE_HEADER + 2 * _HEAD_BYTES)
    at, kept, begin = _FILE_HEADER, head[:_FILE_HEADER], 0
    while (end := _following(head, at)) is not None:
        if _sets_up(head, at):
            kept += head[at:end]
        else:
            begin = begin or at
        at = end
    return kept, begin or at


def _sets_up(data: bytes, at: int) -> bool:
    body = data[at + _TAG_HEADER : at + _TAG_HEADER + 2]
    if data[at] == _SCRIPT:
        return True
    if len(body) < 2 or (data[at] == _AUDIO and body[0] >> 4 != _AAC):
        return False
    is_extended = data[at] == _VIDEO and bool(body[0] & 0x80)
    return body[0] & 0x0F == 0 if is_extended else body[1] == 0


def _place(data: Bytes, begin: int, moment: Fraction) -> int:
    """The first tag, to within some of them, that is at a moment or after it."""
    low, high = begin, data.size
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        tag = next(_tags_from(data, middle), None)
        if tag is None or tag[0] >= high or tag[1] >= moment:
            high = middle
        else:
            low = tag[0]
    return next((at for at, time, _ in _tags_from(data, low) if time >= moment), data.size)


def _tags_from(data: Bytes, place: int) -> Iterator[tuple[int, Fraction, bool]]:
    """Where each tag begins, its time in seconds and whether it has a key frame, from the first
    tag at or after a place on."""
    at = data.size
    for size in (_HEAD_BYTES, _TAIL_BYTES):
        near = data.read(place, size)
        first = 0 if _following(near, 0) is not None else _first(near)
        if first is not None:
            at = place + first
            break
    while at < data.size:
        header = data.read(at, _TAG_HEADER + 1)
        if len(header) <= _TAG_HEADER or not _begins_tag(header, 0):
            return
        time = int.from_bytes(header[4:7]) | header[7] << 24
        is_key = header[0] == _VIDEO and header[_TAG_HEADER] >> 4 & 7 == _KEY
        yield at, Fraction(time, 1000), is_key
        at += _TAG_HEADER + int.from_bytes(header[1:4]) + _SIZE
