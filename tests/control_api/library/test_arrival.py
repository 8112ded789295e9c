"""The whole service: what OBS records is in the library when it has stopped, exact to the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from leitstand.demo.obs import DemoObs
from tests.control_api.recordings.conftest import TOKEN, configured
from tests.control_api.services import running
from tests.running import eventually


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


def test_a_recording_arrives_by_itself(
    recordings: Path, tmp_path: Path, put_movie: Callable[[str], Path]
) -> None:
    put_movie("2026-11-20 20-30-00.mkv").rename(recordings / "2026-11-20 20-30-00.mkv")
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        with running(configured(tmp_path, demo.port, recordings)) as control:
            client = TestClient(control.app, headers={"Authorization": f"Bearer {TOKEN}"})

            def videos() -> list[dict[str, Any]]:
                return list(client.get("/api/videos").json()["data"]["items"])

            (found,) = eventually(videos)
            assert (found["start_estimated"], found["studio"]) == (True, "stage")
            assert found["start"] == "2026-11-20T20:30:00+01:00"
            client.post("/api/recordings/start", json={"title": "Rehearsal"})

            def written() -> list[dict[str, Any]]:
                control.library.worker.scan()
                return [one for one in videos() if one["state"] == "writing"]

            eventually(written)
            stopped = client.post("/api/recordings/stop", json={}).json()["data"]

            def arrived() -> list[dict[str, Any]]:
                # The database may not have had the recording when it was stopped.
                mine = [one for one in videos() if one["name"] == stopped["file"]]
                return [one for one in mine if one["recording_id"] is not None]

            (video,) = eventually(arrived)
            assert (video["start"], video["title"]) == (stopped["start"], "Rehearsal")
            assert (video["start_estimated"], video["state"]) == (False, "ready")
            assert video["anchors"] == stopped["anchors"]
            assert len(videos()) == 2
            sidecar = recordings / f"{stopped['file']}.json"
            eventually(sidecar.exists)
            assert json.loads(sidecar.read_text())["recording_id"] == stopped["id"]
            assert control.library.readings().videos == 2
            assert client.get("/api/videos/newest").json()["data"]["id"] == video["id"]
