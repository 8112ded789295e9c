"""Pictures inside a packet of VP9 or AV1 that are not shown with it.

An encoder puts a later picture there for others to refer to. Which one it is cannot be seen from
outside, so that none may be copied that might lie after the end of a clip.
"""

from __future__ import annotations

from collections.abc import Iterator

_FRAME_HEADER, _FRAME = 3, 6


def hides(codec: str, data: bytes) -> bool:
    """Whether a packet holds a picture that is not shown yet."""
    if codec == "vp9":
        return any(map(_vp9_hidden, _vp9_pictures(data)))
    if codec == "av1":
        return any(map(_av1_hidden, _av1_pictures(data)))
    return False


def _vp9_pictures(data: bytes) -> Iterator[bytes]:
    """The pictures of a superframe (VP9 bitstream specification, annex B)."""
    marker = data[-1] if data else 0
    count, width = (marker & 7) + 1, (marker >> 3 & 3) + 1
    index = len(data) - 2 - count * width
    if marker & 0xE0 != 0xC0 or index < 0 or data[index] != marker:
        yield data
        return
    at = 0
    for place in range(count):
        start = index + 1 + place * width
        size = int.from_bytes(data[start : start + width], "little")
        yield data[at : at + size]
        at += size


def _vp9_hidden(picture: bytes) -> bool:
    """6.2 of the same: marker, profile, show_existing_frame, frame_type, show_frame."""
    if not picture:
        return False
    first = picture[0]
    if first >> 4 & 3 == 3:
        # The fourth profile has one more bit.
        first = first << 1 & 0xFF | (picture[1] >> 7 if len(picture) > 1 else 0)
    return not first & 8 and not first & 2


def _av1_pictures(data: bytes) -> Iterator[bytes]:
    """The frame headers of a temporal unit (AV1 specification, 5.3)."""
    at = 0
    while at < len(data):
        header = data[at]
        at += 2 if header & 4 else 1
        size = len(data) - at
        if header & 2:
            size, at = _leb128(data, at)
        if header >> 3 & 15 in (_FRAME_HEADER, _FRAME):
            yield data[at : at + size]
        at += size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, at + place + 1
    return len(data), len(data)


def _av1_hidden(header: bytes) -> bool:
    """5.9.2 of the same: show_existing_frame, frame_type, show_frame."""
    return bool(header) and not header[0] & 0x80 and not header[0] & 0x10
