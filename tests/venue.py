"""A venue: an OBS, a recorder and an API in processes of their own, and calls to it."""

from __future__ import annotations

import contextlib
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
_START_SECONDS = 60.0
ZONE = ZoneInfo("Europe/Berlin")


class Venue:
    """The service on a port of its own; may be killed and started again."""

    def __init__(
        self, folder: Path, obs_port: int, recordings: Path, database: str | None = None
    ) -> None:
        """`database` is a URL; None: a SQLite file in the state folder."""
        self.folder = folder
        self.database = database
        self.url = f"http://127.0.0.1:{free_port()}"
        self.recordings = recordings
        self.service: Process | None = None
        self.recorder: Process | None = None
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {TOKEN}"
        self._file = folder / "leitstand.yml"
        config = {
            "obs": [{"name": "stage", "port": obs_port, "recordings": str(recordings)}],
            "control_api": {
                "listen": self.url.removeprefix("http://"),
                "state": str(folder / "state"),
                "timezone": ZONE.key,
                "admin_token": TOKEN,
                **({"database": database} if database else {}),
            },
            "recorder": {"runtime": str(folder / "run")},
        }
        self._file.write_text(yaml.safe_dump(config))

    def start(self) -> None:
        """Start the recorder, unless it runs, and the API."""
        if self.recorder is None:
            self.start_recorder()
        self.start_api()
        assert self.service is not None
        self.service.find(r"control API .* at (http://\S+)", _START_SECONDS)

    def start_recorder(self) -> None:
        self.recorder = Process(leitstand("recorder", "--config", str(self._file)))
        self.recorder.find(r"(recorder \S+ at )", _START_SECONDS)

    def start_api(self) -> None:
        """Start the API without waiting until it serves."""
        self.service = Process(leitstand("api", "--config", str(self._file)))

    def kill(self) -> None:
        """Kill the API; the recorder goes on."""
        assert self.service is not None
        self.service.send(signal.SIGKILL)
        self.service.wait()
        self.service.end()

    def end(self) -> None:
        """End what runs."""
        for process in (self.service, self.recorder):
            if process is not None:
                process.end()

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

    def becomes(self, within: float = 20.0, **wanted: Any) -> dict[str, Any]:
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
    """One whose services have not been started yet."""
    made = Venue(folder, obs_port, recordings, database)
    try:
        yield made
    finally:
        made.end()
