"""A part of an open file at its own place, behind the head that a demuxer needs to open it."""

from __future__ import annotations

import io
import os
from typing import Any, BinaryIO

_VOID_HEADER = 9
_LARGE_HEADER = 16


class View(io.RawIOBase):
    """`head`, and the bytes from `first` to `until` of a file, which begin at `at` here.

    What lies between the head and `at` reads as zeros. The file is neither moved nor closed, and
    bytes that are added to it are not seen.
    """

    def __init__(self, file: BinaryIO, head: bytes, first: int, until: int, at: int) -> None:
        self._file = file
        self._head = head
        self._first = first
        self._at = at
        self._size = at + until - first
        self._place = 0

    @property
    def begin(self) -> int:
        """Where the bytes of the part begin here."""
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("a place before the beginning")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self._size - self._place)
        data = self._read(size) if size > 0 else b""
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def _read(self, size: int) -> bytes:
        if self._place < len(self._head):
            return self._head[self._place : self._place + size]
        if self._place < self._at:
            return bytes(min(size, self._at - self._place))
        return os.pread(self._file.fileno(), size, self._first + self._place - self._at)


def skipped(demuxer: str, size: int) -> bytes | None:
    """The header of an element of `size` bytes that a demuxer skips: Void (RFC 9559, 5.1.2), or a
    `free` box. None where that is too few bytes, or the format has none."""
    kind = demuxer.partition(",")[0]
    if kind == "matroska" and size >= _VOID_HEADER:
        return b"\xec" + ((1 << 56) | (size - _VOID_HEADER)).to_bytes(8)
    if kind in ("mp4", "mov") and size >= _LARGE_HEADER:
        return (1).to_bytes(4) + b"free" + size.to_bytes(8)
    return None


def part(file: BinaryIO, demuxer: str, head: int, first: int, until: int) -> View:
    """The first `head` bytes of a file and those from `first` to `until`, at their own place where
    the format allows it."""
    return behind(os.pread(file.fileno(), head, 0), file, demuxer, first, until)


def behind(head: bytes, file: BinaryIO, demuxer: str, first: int, until: int) -> View:
    """The same with a head that is known."""
    gap = skipped(demuxer, first - len(head))
    return View(file, head + (gap or b""), first, until, first if gap else len(head))
