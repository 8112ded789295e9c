"""Files that are written whole or not at all: what a kill, a full disk or a reader meets."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from leitstand import atomicfile


def test_the_name_comes_last_and_nothing_else_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    steps: list[str] = []

    def noted(name: str) -> None:
        call = getattr(os, name)

        def do(*arguments: object) -> object:
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)  # type: ignore[arg-type]
            steps.append(f"{name} folder" if is_folder else name)
            assert file.read_bytes() == (b"new" if "replace" in steps[:-1] else b"old")
            return call(*arguments)

        monkeypatch.setattr(os, name, do)

    for name in ("fsync", "replace"):
        noted(name)
    atomicfile.write(file, b"new")
    assert steps == ["fsync", "replace", "fsync folder"]
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"new", ["file"])


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_error_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    for write in (
        lambda: atomicfile.write(file, b"new"),
        lambda: atomicfile.write_private(file, "new"),
    ):
        with pytest.raises(OSError, match="No space"):
            write()
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"old", ["file"])


def test_an_error_of_the_caller_leaves_nothing(tmp_path: Path) -> None:
    with contextlib.suppress(KeyError), atomicfile.writing(tmp_path / "file") as opened:
        opened.write(b"half")
        raise KeyError
    assert os.listdir(tmp_path) == []


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    script = (
        "import os, sys; from pathlib import Path; from leitstand import atomicfile\n"
        "with atomicfile.writing(Path(sys.argv[1])) as opened:\n"
        "    opened.write(b'new'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(file)], check=False)
    assert (done.returncode, file.read_bytes()) == (-signal.SIGKILL, b"old")


def test_what_is_private_is_so_in_a_folder_that_is_made(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file"
    atomicfile.write_private(file, "sécret")
    assert file.read_text(encoding="utf-8") == "sécret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (tmp_path / "public").touch()
    atomicfile.write(tmp_path / "new", b"")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("public", "new")}
    assert len(modes) == 1, "as any other file of this user"


def test_it_imports_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules); import leitstand.atomicfile\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert {"av", "numpy", "pydantic", "sqlalchemy"} & set(done.stdout.split()) == set()


def test_no_other_code_writes_in_its_own_way() -> None:
    """Beside the recorder's journal, which keeps two files, and moves of whole videos."""
    root = Path(__file__).parents[2]
    own = {
        "leitstand/atomicfile.py",
        "leitstand/cut/writer.py",
        "control_api/recorder/segments.py",
        "control_api/reserve.py",
    }
    found = {
        path.relative_to(root).as_posix()
        for package in ("leitstand", "exporter", "control_api")
        for path in (root / package).rglob("*.py")
        if "os.fsync(" in path.read_text(encoding="utf-8")
    }
    assert found == own
