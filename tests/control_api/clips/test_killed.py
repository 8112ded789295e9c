"""A clip with fades that is cancelled while moviepy works leaves no process and no file."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil

from control_api.jobs.work import attempt_path
from control_api.jobs.worker import Why, Worker
from tests.control_api.clips.conftest import Room
from tests.running import eventually


def at_work(folder: Path) -> list[psutil.Process]:
    """What was started with names from this folder: moviepy's ffmpeg."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word for word in process.info["cmdline"] or ()):
            found.append(process)
    return found


def test_cancelled_while_it_is_filmed(room: Room) -> None:
    """Slow enough to be met: large pictures."""
    order = {"video_id": room.ids[0], "start": 0, "end": 10, "mode": "reencode"}
    params = room.params({**order, "fade_in": 5, "width": 3840, "height": 2160})
    kind = room.clips.kind
    assert kind.folder is not None
    worker = Worker(kind, params, lambda *_: None)
    endings = []
    thread = threading.Thread(target=lambda: endings.append(worker.run()))
    thread.start()
    film = f"{attempt_path(params).name}.work"
    ffmpeg = eventually(lambda: at_work(kind.folder / film) if kind.folder else [], 60)
    assert "ffmpeg" in ffmpeg[0].name()
    worker.end(Why.CANCELLED)
    thread.join(20)
    assert [ending.why for ending in endings] == [Why.CANCELLED]
    eventually(lambda: not at_work(kind.folder) if kind.folder else True, 10)
    kind.clean(params)
    assert [*kind.folder.iterdir()] == []
