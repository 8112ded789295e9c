"""NAL units bit by bit: read, written, and without what keeps start codes out of them.

Descriptors (`u`, `ue`, `se`) are those of ITU-T H.264, 7.2 and 9.1; H.265 has the same.
"""

from __future__ import annotations

import re

from leitstand.cut.request import CannotCopy

_NEEDS_ESCAPE = re.compile(rb"\0\0(?=[\0-\3])")


class Bits:
    """Reads bits; beyond the end everything is zero."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.size = len(data) * 8
        self.at = 0

    def u(self, count: int) -> int:
        self.at += count
        if self.at > self.size:
            raise CannotCopy("a picture's header is damaged")
        return self._value >> (self.size - self.at) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 31:
                raise CannotCopy("a picture's header is damaged")
        return (1 << zeros) - 1 + (self.u(zeros) if zeros else 0)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -code // 2


class Row:
    """Bits one after the other, to be written."""

    def __init__(self) -> None:
        self.value = self.size = 0

    def u(self, count: int, value: int) -> None:
        self.value = self.value << count | value
        self.size += count

    def ue(self, value: int) -> None:
        self.u(2 * (value + 1).bit_length() - 1, value + 1)

    def copy(self, data: bytes, start: int, end: int) -> None:
        """The bits of the data from `start` to `end`."""
        size = (end + 7) // 8
        value = int.from_bytes(data[:size], "big") >> (size * 8 - end)
        self.u(end - start, value & ((1 << (end - start)) - 1))


def plain(nal: bytes) -> bytes:
    """A NAL unit without the bytes that keep start codes out of it."""
    return nal.replace(b"\0\0\3", b"\0\0")


def escaped(nal: bytes) -> bytes:
    """The inverse of `plain`."""
    return _NEEDS_ESCAPE.sub(b"\0\0\3", nal)
