"""Five servers fail in five ways at once; a sixth, the host and /metrics do not notice."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from leitstand.demo.mediamtx import DemoMediaMTX, Fault
from tests.running import Process, Series, eventually, free_port, leitstand, process, scrape

FAULTS = {"refusing": Fault.UNAUTHORIZED, "slow": Fault.SLOW, "rubbish": Fault.GARBAGE}
FAILING = ("stopped", "killed", *FAULTS)
DOWN_WITHIN = 7.0


@dataclass
class Scene:
    """One exporter and the servers that it watches."""

    exporter: Process
    url: str
    demos: dict[str, DemoMediaMTX]
    stopped: Process

    def fail_all(self) -> None:
        self.stopped.send(signal.SIGSTOP)
        self.demos["killed"].stop()
        for name, fault in FAULTS.items():
            self.demos[name].fault = fault

    def mend_all(self) -> None:
        self.stopped.send(signal.SIGCONT)
        self.demos["killed"].start()
        for name in FAULTS:
            self.demos[name].fault = Fault.NONE

    def ups(self) -> dict[str, float]:
        series = scrape(self.url)
        return {name: series[f'mediamtx_up{{server="{name}"}}'] for name in (*FAILING, "good")}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with contextlib.ExitStack() as stack:
        port = free_port()
        command = leitstand("demo-mediamtx", "--port", str(port))
        stopped = stack.enter_context(process(command))
        stopped.find("(http://[0-9.:]+)")
        names = ("killed", *FAULTS, "good")
        demos = {name: stack.enter_context(DemoMediaMTX()) for name in names}
        urls = {name: demo.url for name, demo in demos.items()}
        urls["stopped"] = f"http://127.0.0.1:{port}"
        config = {
            "exporter": {"listen": "127.0.0.1:0", "slow_interval": "2s"},
            "mediamtx": [{"name": name, "url": url} for name, url in urls.items()],
        }
        file = tmp_path / "leitstand.yml"
        file.write_text(yaml.safe_dump(config))
        exporter = stack.enter_context(process(leitstand("exporter", "--config", str(file))))
        url = exporter.find(r"exporter .* at (http://\S+)")
        yield Scene(exporter, url, demos, stopped)


def of(series: Series, server: str) -> dict[str, float]:
    return {at: v for at, v in series.items() if f'server="{server}"' in at}


def said_of(source: str, scene: Scene) -> list[str]:
    return [line for line in scene.exporter.lines if f" {source}: " in line]


def counters(series: Series) -> dict[str, float]:
    return {at: value for at, value in series.items() if at.partition("{")[0].endswith("_total")}


def test_up_is_honest(scene: Scene) -> None:
    eventually(lambda: all(scene.ups().values()))
    eventually(lambda: "mediamtx_forwards" in str(of(scrape(scene.url), "slow")))
    before = scrape(scene.url)

    scene.fail_all()
    failed_at = time.monotonic()
    eventually(lambda: not any(scene.ups()[name] for name in FAILING), within=DOWN_WITHIN)
    assert time.monotonic() - failed_at > 2, "down before three intervals have passed"

    # Long enough for every way to fail to have been logged more than once if it were.
    eventually(lambda: time.monotonic() - failed_at > 14)
    series = scrape(scene.url)
    for name in FAILING:
        assert of(series, name) == {f'mediamtx_up{{server="{name}"}}': 0}
        assert len(said_of(f"mediamtx {name}", scene)) == 1
        # A part may have been under way when its server failed, and not again after that.
        assert len(said_of(f"mediamtx_forwards {name}", scene)) <= 1
    assert len(of(series, "good")) > 300
    assert any(at.startswith("host_memory") for at in series)

    scene.mend_all()
    eventually(lambda: all(scene.ups().values()))
    after = counters(scrape(scene.url))
    fallen = [at for at, value in counters(before).items() if after.get(at, value) < value]
    assert fallen == []
    for name in FAILING:
        back = set(of(scrape(scene.url), name))
        assert len(back) > 300
        assert any(f"mediamtx {name}: answers again" in line for line in scene.exporter.lines)


def test_a_hanging_source_does_not_slow_the_page_down(scene: Scene) -> None:
    eventually(lambda: all(scene.ups().values()))
    scene.demos["good"].fault = Fault.HANG
    times = []
    until = time.monotonic() + 3
    while time.monotonic() < until:
        began = time.monotonic()
        scrape(scene.url)
        times.append(time.monotonic() - began)
    # A bound for hangs; the real figures are in `make bench`.
    assert max(times) < 1
