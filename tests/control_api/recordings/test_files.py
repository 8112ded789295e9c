"""What a finished recording is taken for; its file may be anything."""

from __future__ import annotations

import socket
from pathlib import Path

from control_api.recordings.files import probe
from tests.control_api.library.test_probing import scripts
from tests.leitstand.cut.media import Recipe, record


def test_a_recording_that_plays(tmp_path: Path) -> None:
    verdict = probe(record(tmp_path / "a.mkv", Recipe(seconds=2)))
    assert verdict.good
    assert verdict.duration is not None
    assert abs(verdict.duration - 2) < 0.1


def test_a_playlist_that_poses_as_one_names_no_other_file(tmp_path: Path) -> None:
    secret = record(tmp_path / "secret.mkv", Recipe(seconds=2))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for name, text in scripts(secret, server.getsockname()[1]).items():
            file = tmp_path / "a.mkv"
            file.write_text(text)
            verdict = probe(file)
            assert not verdict.good, name
            assert "does not play" in verdict.reason, name
        try:
            server.accept()
        except BlockingIOError:
            return
    raise AssertionError("somebody was called")
