"""A whole house for the page: MediaMTX, OBS, exporter, recorder, control API, an old recording.

Much of it is called like an attack: whatever a test shows, no name may become markup.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import requests
import yaml

from leitstand.demo.entities import PathConf
from leitstand.demo.mediamtx import DemoMediaMTX, World
from leitstand.demo.obs import DemoObs
from leitstand.demo.obs.stage import Scene
from tests.leitstand.cut.media import Recipe, record
from tests.running import Process, eventually, free_port, leitstand
from tests.venue import TOKEN, Venue

MARKUP = '<img src=x onerror="window.hacked=1">'
QUOTES = '"><script>window.hacked=1</script>'
SCRIPT = "javascript:window.hacked=1"
EVENING = "2026-11-20"
FPS = 25
SECONDS = 24
NAME = f"{EVENING} 20-31-00.mkv"
"""Of a recording whose picture n was shown n / FPS seconds after 20:31:00."""


class House(Venue):
    """Exporter, recorder and service may be killed and started again, each by itself."""

    def __init__(self, folder: Path, mediamtx: DemoMediaMTX, obs: DemoObs) -> None:
        super().__init__(folder, obs.port, folder / "recordings")
        self.mediamtx, self.obs = mediamtx, obs
        self.exporter: Process | None = None
        self._cookies: dict[str, str] = {}
        config = yaml.safe_load(self._file.read_text())
        config["exporter"] = {"listen": f"127.0.0.1:{free_port()}", "poll_interval": "1s"}
        expected = {"name": "hall", "url": mediamtx.url, "expected_paths": ["stage", "cam/*"]}
        config["mediamtx"] = [expected]
        config["control_api"]["shutdown_command"] = ["true"]
        self._file.write_text(yaml.safe_dump(config))

    @property
    def world(self) -> World:
        self.mediamtx.world.advance(time.time())
        return self.mediamtx.world

    def answers(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return self.ask("GET", "/ping").ok
        return False

    def revive(self, path: str) -> None:
        """A frozen publisher sends again; one that was dropped for it comes back."""
        self.world.thaw(path)
        if not self.world.is_published(path):
            self.world.publish(path)

    def start_exporter(self) -> None:
        self.exporter = Process(leitstand("exporter", "--config", str(self._file)))

    def kill_exporter(self) -> None:
        assert self.exporter is not None
        self.exporter.send(signal.SIGKILL)
        self.exporter.end()

    def token(self, role: str) -> str:
        """A new one of that role."""
        name = f"{role} {time.time_ns()}"
        return str(self.call("POST", "/auth/tokens", {"name": name, "role": role})["token"])

    def cookie(self, role: str) -> str:
        """Of a login with that role, one for all tests."""
        if role not in self._cookies:
            self._cookies[role] = self.login(TOKEN if role == "admin" else self.token(role))
        return self._cookies[role]

    def login(self, token: str) -> str:
        return login(self.url, token)

    def log(self, message: str, **more: str) -> None:
        """A line in the service's log, as if it had written it."""
        (file,) = self.folder.glob("state/**/api.log")
        now = datetime.now(UTC).isoformat()
        line = {"time": now, "level": "warning", "logger": message, "message": message, **more}
        with file.open("a") as log:
            log.write(json.dumps(line) + "\n")

    def sees_streams(self) -> bool:
        answer = self.ask("GET", "/streams/latest")
        return answer.ok and bool(answer.json()["data"]["studios"][0]["up"])

    def end(self) -> None:
        super().end()
        if self.exporter is not None:
            self.exporter.end()


def login(url: str, token: str) -> str:
    """The cookie of a new login there."""
    answer = requests.post(f"{url}/api/auth/login", json={"token": token}, timeout=20)
    assert answer.ok, answer.text
    return answer.cookies["leitstand"]


@contextlib.contextmanager
def house(folder: Path) -> Iterator[House]:
    """Everything runs, and the old recording is in the library."""
    recordings = folder / "recordings"
    recordings.mkdir()
    recipe = Recipe(seconds=SECONDS, options={"g": "100", "bf": "2"})
    record(recordings / NAME, recipe)
    hostile = recordings / "2026-11-19 20-00-00 <b onclick=alert(1)>.mkv"
    record(hostile, Recipe(seconds=2))
    for file in recordings.iterdir():
        # Else it might still be being written.
        os.utime(file, (time.time() - 3600,) * 2)
    world = World(confs=[PathConf("stage"), PathConf("cam/left")])
    with (
        DemoMediaMTX(world) as mediamtx,
        DemoObs(recordings, fps=15, size=(320, 180), cluster_seconds=0.5) as obs,
    ):
        obs.stage.scenes[MARKUP] = scene = Scene(MARKUP)
        for source in ("Color", "Tone", "Text"):
            scene.add(source)
        obs.scene = MARKUP
        made = House(folder, mediamtx, obs)
        try:
            _furnish(made)
            made.start_exporter()
            made.start()
            _name(made, hostile.name)
            eventually(made.sees_streams, 30)
            yield made
        finally:
            made.end()


def another(path: Path) -> Path:
    """A recording that is no copy of the old one."""
    return record(path, Recipe(seconds=2, options={"g": "50", "bf": "2", "crf": "32"}))


def _furnish(made: House) -> None:
    for path in ("stage", "cam/left", MARKUP, QUOTES):
        made.world.publish(path)
    for protocol in ("hls", "webrtc", "rtsp"):
        made.world.read("stage", protocol)
    kind = {"inputName": QUOTES, "inputKind": "pulse_input_capture"}
    made.obs.do("CreateInput", sceneName=made.obs.scene, **kind)


def _name(made: House, hostile: str) -> None:
    """Whatever people may write themselves."""
    videos = eventually(
        lambda: v if len(v := made.call("GET", "/videos")["items"]) == 2 else [], 30
    )
    for video in videos:
        if video["name"] == hostile:
            made.call("PATCH", f"/videos/{video['id']}", {"title": MARKUP, "notes": QUOTES})
    for title in (MARKUP, QUOTES, SCRIPT):
        body = {"title": title, "weekdays": ["mon"], "start": "03:00", "end": "03:30"}
        made.call("POST", "/schedules", body | {"enabled": False})
