"""A venue: an OBS, `leitstand recorder` and `leitstand api` as processes, and calls to them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
import yaml

from tests.running import Process, eventually, free_port, leitstand

TOKEN = "an-admin-of-tests"
ZONE = ZoneInfo("Europe/Berlin")


class Venue:
    """Both services, the API on a port of its own; may be killed and started again."""

    def __init__(
        self,
        folder: Path,
        obs_port: int,
        recordings: Path,
        database: str | None = None,
        **control_api: Any,
    ) -> None:
        """`database` is a URL, None: a SQLite file in the state folder.

        `control_api` are further keys of that section.
        """
        self.database = database
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.recordings = recordings
        self.service: Process | None = None
        self.recorder: Process | None = None
        self.host: str | None = None
        """The name of another host that the services believe to be on."""
        self._http = requests.Session()
        self._http.headers.update(self.credentials)
        self._file = folder / "leitstand.yml"
        config = {
            "obs": [{"name": "stage", "port": obs_port, "recordings": str(recordings)}],
            "control_api": {
                "listen": self.url.removeprefix("http://"),
                "state": str(folder / "state"),
                "timezone": ZONE.key,
                "admin_token": TOKEN,
                **({"database": database} if database else {}),
                **control_api,
            },
            "recorder": {"runtime": str(folder / "run")},
        }
        self._file.write_text(yaml.safe_dump(config))

    def use(self, file: Path) -> None:
        """Start what comes with another configuration file."""
        self._file = file

    def start(self) -> None:
        """Both, or whichever does not run."""
        if self.recorder is None:
            self.start_recorder()
        if self.service is None:
            self.start_api()

    def start_recorder(self, **env: str) -> None:
        self.recorder = Process(self._command("recorder"), **env)
        self.recorder.find(r"recorder \S+ at (\S+)", within=60)

    def launch(self, **env: str) -> Process:
        """Start the API, without a look at whether it comes up."""
        self.service = Process(self._command("api"), **env)
        return self.service

    def start_api(self, **env: str) -> None:
        self.service = self.launch(**env)
        self.service.find(r"control API .* at (http://\S+)", within=60)

    def _command(self, name: str) -> list[str]:
        command = list(leitstand(name, "--config", str(self._file)))
        if self.host is None:
            return command
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        there = ["sh", "-c", 'hostname "$0"; exec "$@"', self.host]
        return ["unshare", *user, "--uts", *there, *command]

    def kill(self) -> None:
        """Both, by SIGKILL."""
        self.kill_recorder()
        self.kill_api()

    def kill_recorder(self) -> None:
        assert self.recorder is not None
        _kill(self.recorder)
        self.recorder = None

    def kill_api(self) -> None:
        assert self.service is not None
        _kill(self.service)
        self.service = None

    def end(self) -> None:
        """Both, in order, as a supervisor does."""
        for process in (self.service, self.recorder):
            if process is not None:
                process.end()
        self.service = self.recorder = None

    @property
    def credentials(self) -> dict[str, str]:
        """The headers of a request by the admin."""
        return {"Authorization": f"Bearer {TOKEN}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The `data` of an answer that must be good."""
        answer = self.ask(method, path, body)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self._http.request(method, f"{self.url}/api{path}", json=body, timeout=60)

    @property
    def status(self) -> dict[str, Any]:
        (one,) = self.call("GET", "/recordings/status")
        return dict(one)

    def becomes(self, within: float = 60.0, **wanted: Any) -> dict[str, Any]:
        """The status when all of this is so."""
        return eventually(lambda: s if wanted.items() <= (s := self.status).items() else {}, within)

    def kinds(self) -> list[str]:
        """What happened, newest first."""
        return [event["kind"] for event in self.call("GET", "/events")]

    def metric(self, name: str) -> float | None:
        """This studio's value of a family of the service's own metrics."""
        text = self._http.get(f"{self.url}/metrics", timeout=10).text
        found = re.search(rf'^{name}{{studio="stage"}} (\S+)$', text, re.MULTILINE)
        return None if found is None else float(found[1])

    def window(self, starts_in: float, seconds: float) -> dict[str, Any]:
        """A schedule with one window on today's or tomorrow's date."""
        start = datetime.fromtimestamp(int(time.time()) + starts_in, ZONE)
        end = start + timedelta(seconds=seconds)
        body = {
            "title": "The evening",
            "weekdays": [],
            "add": [start.date().isoformat()],
            "start": start.strftime("%H:%M:%S"),
            "end": end.strftime("%H:%M:%S"),
        }
        return dict(self.call("POST", "/schedules", body))

    def end_window(self, schedule: dict[str, Any], ends_in: float) -> None:
        """Move the end of a window to a moment from now."""
        end = datetime.fromtimestamp(int(time.time()) + ends_in, ZONE)
        self.call("PATCH", f"/schedules/{schedule['id']}", {"end": end.strftime("%H:%M:%S")})

    def run(self, schedule: dict[str, Any], within: float = 30.0) -> dict[str, Any]:
        """What became of the window, when it is over."""

        def over() -> dict[str, Any]:
            (run,) = self.call("GET", f"/schedules/{schedule['id']}/runs") or [{}]
            return {} if run.get("outcome") in (None, "running") else dict(run)

        return eventually(over, within)


@contextlib.contextmanager
def venue(
    folder: Path, obs_port: int, recordings: Path, database: str | None = None
) -> Iterator[Venue]:
    """One whose service has not been started yet."""
    made = Venue(folder, obs_port, recordings, database)
    try:
        yield made
    finally:
        made.end()


def _kill(process: Process) -> None:
    process.send(signal.SIGKILL)
    process.wait()
    process.end()
