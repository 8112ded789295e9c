"""A lock on a file: one process holds it, and the kernel lets go of it at its end."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from leitstand.exclusive import ExclusiveFile, Taken
from tests.running import process

HOLD = """
import sys, time, pathlib
from leitstand.exclusive import ExclusiveFile
lock = ExclusiveFile(pathlib.Path(sys.argv[1]), "first")
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_process_is_told_who_holds_it_until_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "x.lock"
    with process([sys.executable, "-c", HOLD, str(file)]) as first:
        first.find("(held)")
        with pytest.raises(
            Taken, match=rf"^process {first.pid}, since 20\d\d-\S+ \S+ [+-]\d{{4}}$"
        ):
            ExclusiveFile(file, "second")
        first.send(signal.SIGKILL)
        first.wait()
    lock = ExclusiveFile(file, "second")
    assert lock.previous is not None
    assert (lock.previous.identity, lock.previous.pid) == ("first", first.pid)
    lock.release()


def test_a_child_does_not_inherit_it(tmp_path: Path) -> None:
    file = tmp_path / "x.lock"
    lock = ExclusiveFile(file, "parent")
    with process([sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]):
        lock.release()
        lock.release()
        ExclusiveFile(file, "next").release()


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": 1}', b"[1, 2, 3]", b"\xff"])
def test_a_file_with_anything_in_it_can_be_locked(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.lock"
    file.write_bytes(content)
    first = ExclusiveFile(file, "first")
    assert first.previous is None
    file.write_bytes(content)
    with pytest.raises(Taken, match="a process that has only just started"):
        ExclusiveFile(file, "second")
    first.release()


def test_a_full_disk_keeps_nobody_from_it() -> None:
    # Opening works, and every write fails with ENOSPC.
    lock = ExclusiveFile(Path("/dev/full"), "first")
    assert os.path.exists("/dev/full")
    lock.release()
