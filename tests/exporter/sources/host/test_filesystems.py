"""The space of mounts, dead ones among them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from exporter.sources.host.filesystems import Filesystems, space
from exporter.sources.host.machine import Machine
from exporter.sources.host.state import Filesystem, Space


def ask(filesystems: Filesystems, seconds: float = 5) -> dict[str, Space | None]:
    filesystems.start()
    return {f.mountpoint: f.space for f in filesystems.finish(time.monotonic() + seconds)}


def found(*, flags: int = 0) -> os.statvfs_result:
    bsize, frsize, blocks, bfree, bavail = 65_536, 4_096, 1_000, 600, 500
    return os.statvfs_result((bsize, frsize, blocks, bfree, bavail, 9, 9, 9, flags, 255))


def test_space_counts_in_fragments() -> None:
    assert space(found()) == Space(4_096_000, 2_457_600, 2_048_000, readonly=False)


def test_a_mount_can_be_read_only() -> None:
    assert space(found(flags=os.ST_RDONLY | os.ST_NOSUID)).readonly
    assert not space(found(flags=os.ST_NOSUID)).readonly


def test_this_machine_has_a_root() -> None:
    root = ask(Filesystems(["/"], os.statvfs))["/"]
    assert root is not None
    assert root.size >= root.free >= root.available >= 0
    assert root.size == os.statvfs("/").f_blocks * os.statvfs("/").f_frsize


def test_a_mount_that_is_not_there_has_no_space_until_it_comes(tmp_path: Path) -> None:
    late = tmp_path / "late"
    filesystems = Filesystems([str(late), str(tmp_path)], os.statvfs)
    spaces = ask(filesystems)
    assert spaces[str(late)] is None
    assert spaces[str(tmp_path)] is not None
    late.mkdir()
    assert ask(filesystems)[str(late)] is not None


class Nfs:
    """A statvfs that blocks below /dead until the server is back."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.asked: list[str] = []

    def __call__(self, mount: str) -> os.statvfs_result:
        self.asked.append(mount)
        if mount.startswith("/dead"):
            assert self.back.wait(10)
        return found()

    def repair(self) -> None:
        self.back.set()
        for thread in threading.enumerate():
            if thread.name.startswith("statvfs /dead"):
                thread.join(5)


def test_dead_mounts_cost_one_deadline_once_and_come_back() -> None:
    nfs = Nfs()
    filesystems = Filesystems(["/dead/a", "/dead/b", "/alive"], nfs)
    dead_or_alive = {"/dead/a": None, "/dead/b": None, "/alive": space(found())}

    assert ask(filesystems, 0.25) == dead_or_alive
    began = time.monotonic()
    assert ask(filesystems) == dead_or_alive
    assert ask(filesystems) == dead_or_alive
    assert time.monotonic() - began < 4
    assert sorted(nfs.asked) == ["/alive"] * 3 + ["/dead/a", "/dead/b"]

    nfs.repair()
    assert None not in ask(filesystems).values()


def test_all_mounts_are_asked_at_the_same_time() -> None:
    everybody_came = threading.Barrier(3)

    def meet(mount: str) -> os.statvfs_result:
        everybody_came.wait(5)
        return found()

    assert None not in ask(Filesystems(["/a", "/b", "/c"], meet)).values()


def test_only_the_given_mounts_are_asked_each_once() -> None:
    nfs = Nfs()
    ask(Filesystems(["/a", "/b", "/a"], nfs))
    assert sorted(nfs.asked) == ["/a", "/b"]


def test_no_mounts_is_nothing_to_do() -> None:
    never: Callable[[str], os.statvfs_result] = Nfs()
    filesystems = Filesystems([], never)
    filesystems.start()
    assert filesystems.finish(time.monotonic()) == ()


def test_mounts_keep_their_order() -> None:
    filesystems = Filesystems(["/b", "/a"], Nfs())
    filesystems.start()
    given = filesystems.finish(time.monotonic() + 5)
    assert given == (Filesystem("/b", space(found())), Filesystem("/a", space(found())))


def test_a_folder_where_nothing_is_mounted_does_not_show_the_disk_below(tmp_path: Path) -> None:
    spaces = ask(Filesystems(("/", str(tmp_path)), Machine().statvfs))
    assert spaces["/"] is not None
    assert spaces[str(tmp_path)] is None
