"""VP9 packet by packet: the frames of a superframe, and the head of each.

Names and order are those of the VP9 bitstream specification, 6.2 and annex B.
"""

from __future__ import annotations

from collections.abc import Iterator

from leitstand.cut.bits import Bits
from leitstand.cut.coded import SLOTS, Coded
from leitstand.cut.request import CannotCopy

_SYNC = 0x498342
_RGB = 7
_HEADER_BYTES = 32


def frames(data: bytes) -> Iterator[Coded]:
    """The frames of one packet; raises CannotCopy at what is damaged."""
    for one in _split(data):
        if one:
            yield _frame(Bits(one[:_HEADER_BYTES]))


def _split(data: bytes) -> Iterator[bytes]:
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


def _frame(bits: Bits) -> Coded:
    bits.u(2)
    profile = bits.u(1) | bits.u(1) << 1
    if profile == 3:
        bits.u(1)
    if bits.u(1):
        return Coded(is_shown=True, existing=bits.u(3))
    is_key, is_shown, is_resilient = not bits.u(1), bool(bits.u(1)), bits.u(1)
    if is_key:
        _skip_colours(bits, profile)
        size = bits.u(16) + 1, bits.u(16) + 1
        return Coded(is_shown, is_shown, kept=(1 << SLOTS) - 1, size=size)
    is_intra = not is_shown and bits.u(1)
    bits.u(0 if is_resilient else 2)
    if is_intra and profile == 0:
        _check_sync(bits)
    elif is_intra:
        _skip_colours(bits, profile)
    return Coded(is_shown, kept=bits.u(SLOTS))


def _check_sync(bits: Bits) -> None:
    if bits.u(24) != _SYNC:
        raise CannotCopy("a picture's header is damaged")


def _skip_colours(bits: Bits, profile: int) -> None:
    _check_sync(bits)
    if profile >= 2:
        bits.u(1)
    is_rgb = bits.u(3) == _RGB
    # The range, how much smaller the planes of colour are, and a reserved bit.
    bits.u((0 if is_rgb else 1) + ((1 if is_rgb else 3) if profile & 1 else 0))
