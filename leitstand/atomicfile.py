"""Files that are written whole or not at all, also when the power goes.

The content goes into a file beside, which reaches the disk before it gets the name, and so does the
name. Imports nothing heavy: the recorder uses it too.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PUBLIC, _PRIVATE, _PRIVATE_FOLDER = 0o666, 0o600, 0o700


def write(file: Path, content: bytes) -> None:
    """Write a file whose folder exists. Raises OSError; the old file is as it was then."""
    with writing(file) as opened:
        opened.write(content)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, in a folder that is made where there is none.

    Raises OSError; the old file is as it was then.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    with _written(file, _PRIVATE) as opened:
        opened.write(text.encode())


@contextmanager
def writing(file: Path) -> Iterator[BinaryIO]:
    """An open file that has the name after a clean end of the block; an error leaves nothing of it.

    Raises OSError.
    """
    with _written(file, _PUBLIC) as opened:
        yield opened


def rename(made: Path, file: Path) -> None:
    """Give a file that is on the disk already (`sync`) its final name. Raises OSError."""
    os.replace(made, file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Wait until a file, or what was renamed in a folder, is on the disk. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _written(file: Path, mode: int) -> Iterator[BinaryIO]:
    # Unfinished files of this name are removed by the library's scan.
    draft = file.with_name(f".leitstand-{secrets.token_hex(8)}.tmp")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "w+b") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(draft, file)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync(file.parent)
