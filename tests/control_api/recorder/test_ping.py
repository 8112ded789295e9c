"""The health check of the recorder: it answers and looks after its studios, or says why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from tests.running import leitstand, process


def config(folder: Path) -> Path:
    file = folder / "leitstand.yml"
    settings = {
        "control_api": {"state": str(folder / "state")},
        "recorder": {"runtime": str(folder / "run")},
    }
    file.write_text(yaml.safe_dump(settings))
    return file


def ping(file: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "control_api.recorder.ping", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def test_one_that_runs_is_healthy(tmp_path: Path) -> None:
    file = config(tmp_path)
    with process(leitstand("recorder", "--config", str(file))) as recorder:
        recorder.find(r"recorder \S+ at (\S+)")
        assert ping(file) == (0, "")


def test_one_that_is_not_there_is_not(tmp_path: Path) -> None:
    code, text = ping(config(tmp_path))
    assert code == 1
    assert "does not answer (No such file or directory)" in text


def test_a_wrong_configuration_is_said(tmp_path: Path) -> None:
    file = config(tmp_path)
    file.write_text("nonsense: 1\n")
    code, text = ping(file)
    assert code == 2
    assert text.startswith("leitstand: ")
