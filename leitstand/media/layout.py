"""Where a file that grows keeps its units: Matroska clusters, MP4 fragments, FLV tags, TS packets.

Only headers are read, so that an evening of twelve hours takes milliseconds. A recorder appends
whole units: what lies before `Layout.end` is final, however often the file is read meanwhile.
"""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field
from typing import BinaryIO

_TAIL_BYTES = 4 << 20
_TAIL_UNITS = 2


@dataclass(slots=True)
class Layout:
    """The units of a file.

    `head` bytes at its beginning let a demuxer open it; `starts` is where whole units begin, `end`
    where the last of them ends. `is_broken`: something else than a unit begins at `end`.
    """

    head: int = 0
    starts: array[int] = field(default_factory=lambda: array("q"))
    end: int = 0
    is_broken: bool = False

    def add(self, start: int, end: int) -> None:
        """Note one more whole unit."""
        self.starts.append(start)
        self.end = end

    @property
    def tail(self) -> int:
        """Where the last units begin: at least two, and some megabytes of small ones."""
        number = len(self.starts) - 1
        while number > 0 and (
            number > len(self.starts) - _TAIL_UNITS or self.starts[number] > self.end - _TAIL_BYTES
        ):
            number -= 1
        return self.starts[number] if self.starts else self.head


class Bytes:
    """The bytes of an open file as it is now; reading does not move its position."""

    def __init__(self, file: BinaryIO, most: int | None = None) -> None:
        """Of the first `most` bytes if given."""
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        if most is not None:
            self.size = min(self.size, most)

    def read(self, at: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), max(0, min(size, self.size - at)), at)
