"""The clusters of a Matroska file (RFC 9559, 5.1), by the headers of its elements alone."""

from __future__ import annotations

from leitstand.media.layout import Bytes, Layout

SEGMENT, CLUSTER, CUES, TAGS = 0x18538067, 0x1F43B675, 0x1C53BB6B, 0x1254C367
UNKNOWN = -1
LENGTHS = [0] + [9 - number.bit_length() for number in range(1, 256)]
"""First byte -> how many bytes a number has (RFC 8794, 4)."""
LONGEST_HEADER = 12
_TOP_LEVEL = 1 << 24
"""Elements beside clusters have ids of four bytes, those within have fewer."""


def element(header: bytes, at: int) -> tuple[int, int, int] | None:
    """Id, place and size of the element whose header lies at `at`; None where there is none."""
    length = LENGTHS[header[0]] if header else 0
    more = LENGTHS[header[length]] if 1 <= length <= 4 and length < len(header) else 0
    if not more or len(header) < length + more:
        return None
    size = int.from_bytes(header[length : length + more]) & ((1 << 7 * more) - 1)
    is_unknown = size == (1 << 7 * more) - 1
    return int.from_bytes(header[:length]), at + length + more, UNKNOWN if is_unknown else size


def clusters(data: Bytes) -> Layout:
    """The whole clusters; the last one of a live stream ends with its last whole block."""
    layout = Layout()
    at = 0
    while at < data.size:
        found = element(data.read(at, LONGEST_HEADER), at)
        if found is None:
            layout.is_broken = at + LONGEST_HEADER < data.size
            break
        id, body, size = found
        if id == CLUSTER:
            layout.head = layout.head or at
            end = _end_of_live(data, body) if size == UNKNOWN else body + size
            if end > data.size:
                break
            layout.add(at, end)
        elif id == SEGMENT:
            end = body
        elif size == UNKNOWN:
            layout.is_broken = True
            break
        else:
            end = body + size
        at = end
    return layout


def _end_of_live(data: Bytes, at: int) -> int:
    """Where the last whole element of a cluster without a size ends."""
    while (found := element(data.read(at, LONGEST_HEADER), at)) is not None:
        id, body, size = found
        if id >= _TOP_LEVEL or size == UNKNOWN or body + size > data.size:
            break
        at = body + size
    return at
