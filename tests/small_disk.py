"""A real file system of a few megabytes that a test can fill to the last byte."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_MIB = 1 << 20


class SmallDisk:
    """A mounted file system; `fill` leaves 0 bytes free."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    @property
    def free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self) -> None:
        """Write until there is no byte left."""
        opened = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (_MIB, 4096, 512, 1):
                with contextlib.suppress(OSError):
                    while os.write(opened, b"x" * size):
                        pass
            # What was freed a moment ago is available only when the journal is written.
            with contextlib.suppress(OSError):
                os.fsync(opened)
        finally:
            os.close(opened)

    def make_room(self) -> None:
        self._filler.unlink()

    def remount(self, how: str) -> None:
        """`how` is ro or rw; ro is refused while a file is open for writing."""
        _run("mount", "-o", f"remount,{how}", str(self.path))

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Take no writes from whoever opens a file now; those that are open stay as they are."""
        _run("mount", "--bind", str(self.path), str(self.path))
        try:
            _run("mount", "-o", "remount,bind,ro", str(self.path))
            yield
        finally:
            _run("umount", "--lazy", str(self.path))


@contextlib.contextmanager
def small_disk(folder: Path, kind: str = "tmpfs", mib: int = 64) -> Iterator[SmallDisk]:
    """`kind` is tmpfs or ext4. Skipped where nothing may be mounted, except in CI."""
    place = folder / f"disk-{kind}"
    place.mkdir()
    try:
        _mount(place, kind, mib)
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"a file system cannot be mounted here ({error})")
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(place: Path, kind: str, mib: int) -> None:
    if kind == "tmpfs":
        _run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(place))
        return
    image = place.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(mib * _MIB)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))
    _run("mount", "-o", "loop", str(image), str(place))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
