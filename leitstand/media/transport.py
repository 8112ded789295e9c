"""The packets of an MPEG transport stream (ISO/IEC 13818-1, 2.4.3), also with the 4 bytes more
that Blu-ray and AVCHD put before each."""

from __future__ import annotations

from leitstand.media.layout import Bytes, Layout

_SYNC = 0x47
_SIZES = ((188, 0), (192, 4))
_CHECKED = 5
_HEAD_BYTES, _TAIL_BYTES = 1 << 20, 8 << 20


def packets(data: Bytes) -> Layout | None:
    """The head with the tables, and the whole packets of the last megabytes; None if it is none."""
    first = data.read(0, 16 << 10)
    found = next((known for known in _candidates(len(first)) if _is_at(first, *known)), None)
    if found is None:
        return None
    start, size = found
    layout = Layout(head=start + _HEAD_BYTES // size * size)
    end = start + (data.size - start) // size * size
    layout.head = min(layout.head, end)
    begin = max(layout.head, end - _TAIL_BYTES // size * size)
    layout.add(begin, end)
    return layout


def _candidates(length: int) -> list[tuple[int, int]]:
    return [(at, size) for size, _ in _SIZES for at in range(min(size, length))]


def _is_at(first: bytes, start: int, size: int) -> bool:
    extra = dict(_SIZES)[size]
    places = range(start + extra, len(first), size)[:_CHECKED]
    return len(places) > 1 and all(first[at] == _SYNC for at in places)
