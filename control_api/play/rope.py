"""A file that is not there: several pieces one after the other, each opened when it is read."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Strand:
    """`length` bytes from `skip` on of what `open` opens."""

    length: int
    open: Callable[[], BinaryIO]
    skip: int = 0


class Rope(io.RawIOBase):
    """Keeps one of its pieces open at a time."""

    def __init__(self, strands: Sequence[Strand]) -> None:
        self._strands = [one for one in strands if one.length]
        self._starts = [0, *accumulate(one.length for one in self._strands)]
        self._at = 0
        self._opened: tuple[int, BinaryIO] | None = None

    @property
    def size(self) -> int:
        return self._starts[-1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < 0:
            raise OSError("only places from the beginning are known here")
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; fewer where a piece ends. Empty at the end."""
        assert size is not None
        if self._at >= self.size:
            return b""
        number = bisect_right(self._starts, self._at) - 1
        strand, begin = self._strands[number], self._starts[number]
        left = begin + strand.length - self._at
        file = self._file(number)
        file.seek(strand.skip + self._at - begin)
        piece = file.read(min(left, size) if size >= 0 else left)
        self._at += len(piece)
        return piece

    def close(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
        super().close()

    def _file(self, number: int) -> BinaryIO:
        if self._opened is None or self._opened[0] != number:
            if self._opened is not None:
                self._opened[1].close()
                self._opened = None
            self._opened = number, self._strands[number].open()
        return self._opened[1]
