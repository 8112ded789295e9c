"""`leitstand up --demo`: recordings by hand and by schedule work and leave videos that play."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import requests

from tests.running import Process, eventually, free_port, leitstand, process


class Demo:
    """The API of a running demo, as its greeting tells how to get in."""

    def __init__(self, child: Process) -> None:
        found = re.search(
            r"(http://\S+)/api +recordings and schedules; token: (\S+)",
            eventually(lambda: child.output if "; token:" in child.output else ""),
        )
        assert found is not None
        self._url = f"{found[1]}/api"
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {found[2]}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, self._url + path, json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()["data"]

    @property
    def status(self) -> dict[str, Any]:
        (one,) = self.call("GET", "/recordings/status")
        return dict(one)

    def is_there(self) -> bool:
        try:
            return self.status["connected"] is True
        except requests.ConnectionError:
            return False


def test_recordings_by_hand_and_by_schedule(tmp_path: Path) -> None:
    env = {
        "LEITSTAND_EXPORTER__LISTEN": f"127.0.0.1:{free_port()}",
        "LEITSTAND_CONTROL_API__LISTEN": f"127.0.0.1:{free_port()}",
        "TMPDIR": str(tmp_path),
    }
    with process(leitstand("up", "--demo"), cwd=tmp_path, **env) as child:
        demo = Demo(child)
        eventually(demo.is_there, within=40)
        demo.call("POST", "/recordings/start", {"title": "By hand"})
        eventually(lambda: demo.status["verified"])
        assert demo.call("POST", "/recordings/pause", {})["paused"] is True
        assert demo.call("POST", "/recordings/resume", {})["paused"] is False
        by_hand = demo.call("POST", "/recordings/stop", {})

        start = datetime.fromtimestamp(int(time.time()) + 2, UTC)
        schedule = {
            "title": "By schedule",
            "weekdays": [],
            "add": [start.date().isoformat()],
            "start": start.strftime("%H:%M:%S"),
            "end": (start + timedelta(seconds=8)).strftime("%H:%M:%S"),
            "timezone": "UTC",
        }
        made = demo.call("POST", "/schedules", schedule)
        eventually(lambda: demo.status["recording"])
        eventually(lambda: not demo.status["recording"])
        (run,) = demo.call("GET", f"/schedules/{made['id']}/runs")
        assert run["outcome"] == "recorded", run
        eventually(lambda: demo.call("GET", "/recordings")[0]["state"] == "finished")
        by_schedule = demo.call("GET", "/recordings")[0]
        for recording, title in ((by_hand, "By hand"), (by_schedule, "By schedule")):
            assert recording["title"] == title
            (file,) = tmp_path.glob(f"leitstand-*/recordings/{recording['file']}")
            with av.open(str(file)) as container:
                frames = sum(1 for _ in container.decode(video=0))
            assert frames > 5
