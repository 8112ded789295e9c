"""The fragments of an MP4 file (ISO/IEC 14496-12, 8.8), by the headers of its boxes alone."""

from __future__ import annotations

from collections.abc import Iterator

from leitstand.media.layout import Bytes, Layout

_HEADER = 16
_LARGE = 1
_TO_THE_END = 0


def fragments(data: Bytes) -> Layout | None:
    """The whole fragments, each a `moof` and its `mdat`; None for an MP4 that has none."""
    layout = Layout()
    has_index, begins = False, -1
    for kind, start, end in _boxes(data):
        if kind == b"moov":
            has_index = True
        elif kind == b"moof":
            if not has_index:
                return None
            layout.head, begins = layout.head or start, start
        elif kind == b"mdat":
            if not has_index:
                return None
            if begins >= 0 and end <= data.size:
                layout.add(begins, end)
                begins = -1
        elif not kind:
            layout.is_broken = True
    return layout if layout.head else None


def _boxes(data: Bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each box; an empty kind where something else follows."""
    at = 0
    while at < data.size:
        header = data.read(at, _HEADER)
        if len(header) < 8:
            return
        size, kind = int.from_bytes(header[:4]), header[4:8]
        if size == _LARGE and len(header) == _HEADER:
            size = int.from_bytes(header[8:])
        elif size == _TO_THE_END:
            size = data.size - at if kind.isalnum() else 0
        if size < 8 or not kind.strip().isalnum():
            yield b"", at, at
            return
        yield kind, at, at + size
        at += size
