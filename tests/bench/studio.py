"""What watching costs a studio: the exporter's CPU, and what it adds to a real OBS at 30 fps."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests
import yaml

from tests.bench.rows import Row, median, percentile
from tests.obs import RealObs
from tests.running import eventually, free_port, leitstand, process, scrape

ROUNDS = 3
SECONDS = 60.0
_CORE_PERCENT = 3.0


def rows() -> Iterator[Row]:
    """On and off in turn, since whatever else the machine does drifts."""
    if shutil.which("obs") is None or shutil.which("Xvfb") is None:
        return
    with tempfile.TemporaryDirectory() as name, RealObs(Path(name) / "obs", fps=30) as obs:
        config = Path(name) / "leitstand.yml"
        port = free_port()
        studio = {"name": "stage", "port": obs.port, "recordings": str(obs.recordings)}
        exporter = {"listen": f"127.0.0.1:{port}"}
        config.write_text(yaml.safe_dump({"exporter": exporter, "obs": [studio]}))
        watched, spent, alone = [], [], []
        for _ in range(ROUNDS):
            alone.append(_percent(obs.pid)[0])
            with _watching(config, port) as pid:
                with_it, own = _percent(obs.pid, pid)
                watched.append(with_it)
                spent.append(own)
        with _watching(config, port):
            hanging = list(_while_it_hangs(obs, port))
    added = median(a - b for a, b in zip(watched, alone, strict=True))
    yield Row(
        "a studio at 30 fps: the exporter's CPU, of a core", median(spent), "%", _CORE_PERCENT
    )
    yield Row("what it adds to OBS, of a core", added, "%", _CORE_PERCENT)
    yield Row("/metrics while OBS hangs, median", median(hanging), "ms", 20)
    yield Row("/metrics while OBS hangs, p99", percentile(hanging, 99), "ms", 100)


def _while_it_hangs(obs: RealObs, port: int) -> Iterator[float]:
    """Milliseconds for the page, until OBS is found to be down and after."""
    obs.freeze()
    with requests.Session() as session:
        for _ in range(200):
            began = time.perf_counter()
            scrape(f"http://127.0.0.1:{port}", session)
            yield (time.perf_counter() - began) * 1000
            time.sleep(0.05)
    obs.thaw()


@contextlib.contextmanager
def _watching(config: Path, port: int) -> Iterator[int]:
    with process(leitstand("exporter", "--config", str(config))) as exporter:
        exporter.find(r"exporter .* at (http://\S+)")
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: scrape(url).get('obs_up{studio="stage"}') == 1)
        yield exporter.pid


def _percent(*pids: int) -> list[float]:
    """CPU of each process over a minute, in per cent of a core."""
    watched = [psutil.Process(pid) for pid in pids]
    before = [sum(each.cpu_times()[:2]) for each in watched]
    began = time.monotonic()
    time.sleep(SECONDS)
    passed = time.monotonic() - began
    after = [sum(each.cpu_times()[:2]) for each in watched]
    return [(b - a) / passed * 100 for a, b in zip(before, after, strict=True)]
