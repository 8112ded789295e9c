"""A recorder starts with what its other places have while the disk of one hangs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.recorder import service
from control_api.recorder.journal import Journal
from leitstand.config import Config
from leitstand.exclusive import ExclusiveFile, ExclusiveFolder, exclusive
from tests.running import eventually

PATIENCE = 20.0
"""Of each place some seconds, on a busy machine."""


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    """A file in the state folder's journal that nobody can read to its end."""
    file = tmp_path / "state" / "recorder" / "journal.0"
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    yield file
    # Let the reader go.
    os.close(os.open(file, os.O_RDWR | os.O_NONBLOCK))


def test_a_journal_whose_first_place_hangs_goes_on_in_the_next(tmp_path: Path, pipe: Path) -> None:
    second = tmp_path / "run" / "recorder"
    before = Journal([second])
    before.load()
    before.start()
    before.put("a", 1)
    before.stop()
    journal = Journal([pipe.parent, second])
    began = time.monotonic()
    assert dict(journal.load()) == {"a": 1}
    assert time.monotonic() - began < PATIENCE
    journal.start()
    journal.put("b", 2)
    assert journal.flush(PATIENCE)
    assert journal.health.place == second
    journal.stop()
    assert dict(Journal([second]).load()) == {"a": 1, "b": 2}


def test_a_recorder_does_not_wait_for_a_state_folder_that_hangs(
    tmp_path: Path, pipe: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = threading.Event()

    def hanging(file: Path, identity: str) -> ExclusiveFile | ExclusiveFolder:
        if file.is_relative_to(tmp_path / "state"):
            answers.wait()
        return exclusive(file, identity)

    monkeypatch.setattr(service, "exclusive", hanging)
    config = Config.model_validate(
        {
            "control_api": {"state": str(tmp_path / "state")},
            "recorder": {"runtime": str(tmp_path / "run")},
        }
    )
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        recorder = service.Recorder(config)
        recorder.start()
    try:
        assert time.monotonic() - began < PATIENCE
        assert "control_api.state: " in caplog.text
        assert "it does not answer" in caplog.text
        eventually(lambda: recorder.status().storage.place == str(tmp_path / "run" / "recorder"))
        recorder.address.connected(5).close()
    finally:
        answers.set()
        recorder.stop()
