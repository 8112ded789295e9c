"""`leitstand library scan`, as a command beside nobody and beside a running service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.running import eventually, leitstand
from tests.venue import venue

QUIET = "2026-11-20 20-00-00.mkv"


class Place:
    """A library and its configuration; `scan` runs the command."""

    def __init__(self, folder: Path, movie: Path) -> None:
        self.root = folder / "videos"
        self.root.mkdir()
        self._movie = movie
        self._file = folder / "leitstand.yml"
        control_api = {"library": str(self.root), "state": str(folder / "state")}
        self._file.write_text(yaml.safe_dump({"control_api": control_api}))

    def put(self, name: str, *, age: float = 3600.0, keep: int | None = None) -> Path:
        path = self.root / name
        path.write_bytes(self._movie.read_bytes()[:keep])
        os.utime(path, (time.time() - age, time.time() - age))
        return path

    def run(self, *options: str) -> str:
        command = leitstand("library", "scan", "--config", str(self._file), *options)
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def counts(self) -> dict[str, Any]:
        found = json.loads(self.run("--json"))
        return {name: count for name, count in found.items() if count}


@pytest.fixture
def place(tmp_path: Path, movie: Path) -> Place:
    return Place(tmp_path, movie)


def test_it_says_what_it_found(place: Place) -> None:
    place.put(QUIET)
    place.put("broken.mkv", keep=100)
    place.put("now.mkv", age=0)
    said = place.run().splitlines()
    assert said == [
        f"new: {QUIET}",
        "damaged: broken.mkv",
        "being written: now.mkv",
        "3 videos: 1 new, 1 damaged, 1 being written",
    ]


def test_it_counts_what_has_changed_since(place: Place) -> None:
    broken = place.put("broken.mkv", keep=100)
    place.put(QUIET)
    gone = place.put("gone.mkv")
    assert place.counts() == {"seen": 3, "new": 2, "damaged": 1}
    place.put("broken.mkv", age=1800)
    place.put("another.mkv")
    gone.unlink()
    assert place.counts() == {"seen": 3, "new": 1, "changed": 1, "gone": 1}
    assert place.counts() == {"seen": 3}
    shutil.copystat(place.root / QUIET, broken)
    assert place.run() == "changed: broken.mkv\n3 videos: 1 changed"


def test_a_name_is_no_order_to_the_terminal(place: Place) -> None:
    place.put("red\x1b[31m.mkv")
    assert "\x1b" not in place.run()


def test_without_a_folder_it_says_what_to_set(tmp_path: Path) -> None:
    file = tmp_path / "leitstand.yml"
    file.write_text(yaml.safe_dump({"control_api": {"state": str(tmp_path)}}))
    command = leitstand("library", "scan", "--config", str(file))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "control_api.library" in done.stderr


def test_beside_a_running_service_it_changes_the_same_index(tmp_path: Path, movie: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with venue(tmp_path, 1, recordings) as house:
        house.start()
        eventually(lambda: house.call("GET", "/videos/scan")["ended_at"])
        path = recordings / QUIET
        shutil.copyfile(movie, path)
        os.utime(path, (time.time() - 3600,) * 2)
        command = leitstand(
            "library", "scan", "--json", "--config", str(tmp_path / "leitstand.yml")
        )
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["new"] == 1
        (video,) = house.call("GET", "/videos")["items"]
        assert (video["name"], video["state"]) == (QUIET, "ready")
        assert video["duration"] == pytest.approx(2, abs=0.05)
