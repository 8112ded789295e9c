"""The rules over 2,000 paths and 20 studios, in the real Prometheus."""

from __future__ import annotations

import http.server
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests
import yaml

from tests import golden
from tests.bench.rows import Row, median
from tests.running import eventually, free_port, process

PATHS, STUDIOS = 2_000, 20
_SHIPPED = Path(__file__).parents[2] / "prometheus"
_ROUNDS = 8
_ROUND_SECONDS = 5
_FAULTS = re.compile("lost|error|discarded|dropped|belated|undecrypted|skipped|reconnects|missed")
_CONTROL_API = {
    "leitstand_recording_desired": 1,
    "leitstand_recording_active": 1,
    "leitstand_recording_stalled": 0,
    "leitstand_recording_desired_seconds_total": 1,
    "leitstand_recording_verified_seconds_total": 1,
    "leitstand_schedule_seconds_next_day": 7_200,
    "leitstand_schedule_missed_total": 3,
}


def rows() -> Iterator[Row]:
    program = shutil.which("prometheus")
    if program is None:
        return
    with tempfile.TemporaryDirectory() as name, _Page() as target:
        port = free_port()
        command = [
            program,
            f"--config.file={_config(Path(name), target, port)}",
            f"--storage.tsdb.path={name}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with process(command):
            rounds = list(_rounds(f"http://127.0.0.1:{port}"))
    clock, firing, busy = (median(figures) for figures in zip(*rounds, strict=True))
    yield Row("2,000 paths and 20 studios: all rules once, by Prometheus", clock, "s", 1.0)
    yield Row("the same: alerts that fire meanwhile", firing, "")
    yield Row("the same, and scraped and stored: CPU a round", busy, "s")


def _rounds(url: str) -> Iterator[tuple[float, float, float]]:
    """Seconds that all groups took last, added up; alerts that fire; seconds of CPU in a round.

    Once windows of a minute are full.
    """

    def ask(query: str) -> float:
        try:
            answer = requests.get(f"{url}/api/v1/query", {"query": query}, timeout=30).json()
        except requests.RequestException:
            return 0
        return float(answer["data"]["result"][0]["value"][1]) if answer["data"]["result"] else 0

    slow = "count(path:mediamtx_path_online:avg1h)"
    eventually(lambda: ask(slow) >= PATHS / 10 and ask("count(ALERTS) > 0"), within=240)
    for _ in range(_ROUNDS):
        time.sleep(_ROUND_SECONDS)
        busy = ask('rate(process_cpu_seconds_total{job="prometheus"}[1m])') * _ROUND_SECONDS
        clock = ask("sum(prometheus_rule_group_last_duration_seconds)")
        yield clock, ask('count(ALERTS{alertstate="firing"})'), busy


def _config(folder: Path, target: str, port: int) -> Path:
    """The shipped one, with this page as exporter and control API; nobody is told."""
    config = yaml.safe_load((_SHIPPED / "prometheus.yml").read_text())
    del config["alerting"]
    config["rule_files"] = [str(_SHIPPED / files) for files in config["rule_files"]]
    targets = {"leitstand-exporter": target, "prometheus": f"127.0.0.1:{port}"}
    jobs = [job for job in config["scrape_configs"] if job["job_name"] in targets]
    for job in jobs:
        job["static_configs"][0]["targets"] = [targets[job["job_name"]]]
    config["scrape_configs"] = jobs
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


class _Page:
    """Serves a page of the recorded families, whose counters grow."""

    def __enter__(self) -> str:
        lines = _series()
        began = time.monotonic()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(_text(lines, time.monotonic() - began))

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _series() -> list[tuple[str, float, float]]:
    """Series, value, growth a second: recorded paths and a studio, as often as needed."""
    found = [("mediamtx_up" + '{server="main"}', 1.0, 0.0)]
    recorded = _recorded("t1.prom")
    paths = sorted({line.split('path="')[1].split('"')[0] for line in recorded if 'path="' in line})
    for number in range(PATHS):
        old = paths[number % len(paths)]
        mine = (line for line in recorded if f'path="{old}"' in line)
        found += [_sample(line.replace(f'path="{old}"', f'path="p{number}"')) for line in mine]
    for number in range(STUDIOS):
        for line in _recorded("obs_recording.prom"):
            found.append(_sample(line.replace('studio="stage"', f'studio="s{number}"')))
        for name, value in _CONTROL_API.items():
            found.append(_sample(f'{name}{{studio="s{number}"}} {value}'))
    return found


def _recorded(name: str) -> list[str]:
    lines = (golden.FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _sample(line: str) -> tuple[str, float, float]:
    series, _, value = line.rpartition(" ")
    name = series.partition("{")[0]
    if name.endswith("_timestamp_seconds"):
        return series, time.time(), 1.0
    return series, float(value), _growth(name)


def _growth(name: str) -> float:
    """Of a world in which what is there is well; what is expected and is not there alerts."""
    if not name.endswith("_total") or _FAULTS.search(name):
        return 0.0
    return 1.0 if name.startswith("leitstand_") else 100.0


def _text(lines: list[tuple[str, float, float]], seconds: float) -> bytes:
    return "".join(f"{name} {value + per * seconds!r}\n" for name, value, per in lines).encode()
