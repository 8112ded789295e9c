"""Some parts of a file as one file: what a demuxer needs to read its end, or one place of it."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, BinaryIO


class Parts(io.RawIOBase):
    """The bytes of some ranges of an open file, one range after the other.

    The file itself is neither moved nor closed, and bytes that are added to it are not seen.
    """

    def __init__(self, file: BinaryIO, ranges: Sequence[tuple[int, int]]) -> None:
        self._file = file
        self._ranges = [(start, end) for start, end in ranges if end > start]
        self._begins = [0]
        for start, end in self._ranges:
            self._begins.append(self._begins[-1] + end - start)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._begins[-1]}[whence]
        if base + offset < 0:
            raise OSError("a place before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        number = bisect_right(self._begins, self._at) - 1
        if number >= len(self._ranges):
            return 0
        start, end = self._ranges[number]
        place = start + self._at - self._begins[number]
        data = os.pread(self._file.fileno(), min(len(buffer), end - place), place)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
