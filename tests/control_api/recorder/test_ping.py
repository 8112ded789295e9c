"""The health check of the recorder: it answers and looks after its studios, or says why not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.running import eventually, leitstand, process


def config(folder: Path, **control_api: str) -> Path:
    file = folder / "leitstand.yml"
    settings = {
        "control_api": {"state": str(folder / "state"), **control_api},
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


@pytest.mark.parametrize("state", ["file", "/proc/nowhere"])
def test_it_runs_without_a_state_folder_and_says_so(tmp_path: Path, state: str) -> None:
    (tmp_path / "file").write_text("no folder")
    file = config(tmp_path, state=str(tmp_path / state))
    with process(leitstand("recorder", "--config", str(file))) as recorder:
        recorder.find(rf"(control_api.state): \S*{state} cannot be used \(.+\); see that")
        recorder.find(r"(journal): kept in \S+/run/recorder")
        recorder.find(r"recorder \S+ at (\S+)")
        assert ping(file) == (0, "")


def test_it_runs_without_a_runtime_folder_and_answers_when_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    file = config(tmp_path)
    with process(leitstand("recorder", "--config", str(file))) as recorder:
        recorder.find(r"(recorder.runtime): \S+/run cannot be used \(.+\); see that")
        recorder.find(r"(recorder.runtime): \S+ cannot be listened on \(.+\); until it can be")
        recorder.find(r"recorder \S+ at (\S+)")
        assert ping(file)[0] == 1
        (tmp_path / "run").unlink()
        eventually(lambda: ping(file) == (0, ""))


def test_a_second_one_is_refused_though_the_state_folder_was_removed(tmp_path: Path) -> None:
    file = config(tmp_path)
    command = leitstand("recorder", "--config", str(file))
    with process(command) as recorder:
        recorder.find(r"recorder \S+ at (\S+)")
        shutil.rmtree(tmp_path / "state", ignore_errors=True)
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert second.returncode == 2
        assert f"{tmp_path}/run is used by another recorder" in second.stderr


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
