"""Two files of reserved size that hold a log of JSON records, of which one is written at a time.

The space is allocated in advance, so that records can be written on a full disk. A record is one
line, `CRC32 GENERATION JSON`; what lies behind the last record of the newest generation is left
from before and ignored.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from leitstand import atomicfile

SEGMENT_BYTES = 8 << 20
_NAMES = ("journal.0", "journal.1")
_HEAD = 18
"""Bytes before the JSON: eight of the CRC, eight of the generation, two blanks."""
_BEGIN = b'["",null]'
"""The first record of every generation."""


_File = tuple[int, int]
"""A file, whatever its name is: its device and inode."""


class Full(Exception):
    """The segment has no room for that."""


class Gone(Exception):
    """The files were removed, replaced or cut, by somebody else."""


class Segments:
    """The files in one folder; used by one thread. Every method may raise OSError."""

    def __init__(self, folder: Path, size: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._size = size
        self._descriptor: int | None = None
        self._offset = 0
        self._current = 0
        # Which file each name stood for when it was last opened.
        self._files: list[_File | None] = [None for _ in _NAMES]
        self.generation = 0

    def read(self) -> list[bytes]:
        """The records of the newest generation, oldest first; none if there is none."""
        found = [_records(self._folder / name) for name in _NAMES]
        self._current = max(range(len(found)), key=lambda number: found[number][0])
        self.generation, records = found[self._current]
        return records

    def rewrite(self, records: Iterable[bytes], generation: int) -> None:
        """Begin a generation in the other file with these records. Raises Full."""
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        other = 1 - self._current
        path = self._folder / _NAMES[other]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _reserve(descriptor, self._size)
            first = _line(_BEGIN, generation)
            data = b"".join(_line(record, generation) for record in records)
            if len(first) + len(data) > self._size:
                raise Full
            # The first line comes last: until then the file is of the generation before.
            _write(descriptor, data + b"\n"[: self._size - len(data) - len(first)], len(first))
            os.fdatasync(descriptor)
            _write(descriptor, first, 0)
            os.fsync(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        atomicfile.sync(self._folder)
        self._descriptor, self._current, self.generation = descriptor, other, generation
        self._files[other] = _file_of(os.fstat(descriptor))
        self._offset = len(first) + len(data)

    def append(self, records: Iterable[bytes]) -> None:
        """Add records and wait until they are on the disk. Raises Full, with nothing written.

        Raises Gone if nobody would find them there.
        """
        if self._descriptor is None:
            raise Full
        data = b"".join(_line(record, self.generation) for record in records)
        if self._offset + len(data) > self._size:
            raise Full
        _write(self._descriptor, data, self._offset)
        os.fdatasync(self._descriptor)
        # Looked at last, so that what was removed before the records came is noticed.
        if not self._is_there():
            raise Gone
        self._offset += len(data)

    @property
    def used(self) -> float:
        """How much of the segment is used, 0 to 1."""
        return self._offset / self._size

    def reserve_other(self) -> None:
        """Allocate the file of the next generation, so that there is room for it later."""
        other = 1 - self._current
        path = self._folder / _NAMES[other]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _reserve(descriptor, self._size)
            self._files[other] = _file_of(os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _is_there(self) -> bool:
        """Whether the names still lead to the files that were made, and these are whole."""
        try:
            found = [(self._folder / name).stat() for name in _NAMES]
        except (FileNotFoundError, NotADirectoryError):
            return False
        is_whole = all(each.st_size >= self._size for each in found)
        return is_whole and [_file_of(each) for each in found] == self._files


def reserved_bytes(folder: Path) -> int:
    """How much space the files in a folder have on its disk. Raises OSError."""
    return sum((folder / name).stat().st_blocks * 512 for name in _NAMES)


def _file_of(found: os.stat_result) -> _File:
    return found.st_dev, found.st_ino


def _records(path: Path) -> tuple[int, list[bytes]]:
    """The generation of a file and its records; generation 0 if there is nothing of use in it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0, []
    generation, records = 0, []
    for number, record in _valid(data):
        if generation and number != generation:
            break
        generation = number
        records.append(record)
    return generation, records


def _valid(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while (end := data.find(b"\n", start)) > start + _HEAD:
        line = data[start:end]
        try:
            crc, generation = int(line[:8], 16), int(line[9:17], 16)
        except ValueError:
            return
        if zlib.crc32(line[9:]) != crc:
            return
        yield generation, line[_HEAD:]
        start = end + 1


def _line(record: bytes, generation: int) -> bytes:
    body = b"%08x %s" % (generation, record)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _reserve(descriptor: int, size: int) -> None:
    if os.fstat(descriptor).st_size < size or os.fstat(descriptor).st_blocks * 512 < size:
        os.posix_fallocate(descriptor, 0, size)


def _write(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
