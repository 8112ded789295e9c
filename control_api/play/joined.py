"""A file that is not there: the head that was made for a video, and the video behind it."""

from __future__ import annotations

import contextlib
import io
from typing import BinaryIO


class Joined(io.RawIOBase):
    """Reads `length` bytes of `head` from `skip` on, then all of `tail`; closes both."""

    def __init__(self, head: BinaryIO, skip: int, length: int, tail: BinaryIO) -> None:
        self._head = head
        self._skip = skip
        self._length = length
        self._tail = tail
        self._at = 0

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
        """At most `size` bytes; fewer at the seam. Empty at the end."""
        assert size is not None
        if self._at < self._length:
            left = self._length - self._at
            self._head.seek(self._skip + self._at)
            piece = self._head.read(min(left, size) if size >= 0 else left)
        else:
            self._tail.seek(self._at - self._length)
            piece = self._tail.read(size)
        self._at += len(piece)
        return piece

    def close(self) -> None:
        with contextlib.closing(self._tail):
            self._head.close()
        super().close()
