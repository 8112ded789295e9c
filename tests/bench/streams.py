"""The live view: a thousand who watch, a thousand paths on one page, and how soon it is there."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from control_api.web.files import read
from tests.bench.rows import Row, median, percentile
from tests.conftest import program
from tests.running import Process, eventually, free_port, leitstand, process

_TOKEN = "an-admin-of-benchmarks"
_CLIENTS = 1_000
_SECONDS = 20
_FIRST_VIEWS = 7
# When the first studio or, without one, the note that there is none has been drawn.
_USABLE = """
new MutationObserver(() => {
  if (window.usable || !document.querySelector(".studio, .room .empty")) return;
  requestAnimationFrame(() => { window.usable ??= performance.now(); });
}).observe(document, {childList: true, subtree: true});
"""


@dataclass
class Service:
    """A control API over an exporter over a demo server, each a process."""

    api: Process
    url: str

    def paths(self) -> int:
        """How many it has heard of."""
        with contextlib.suppress(requests.ConnectionError):
            headers = {"Authorization": f"Bearer {_TOKEN}"}
            answer = requests.get(f"{self.url}/api/streams", headers=headers, timeout=10)
            return int(answer.json()["data"]["total"]) if answer.ok else 0
        return 0


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Service]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = [free_port() for _ in range(3)]
        server, listen, api = (f"127.0.0.1:{port}" for port in ports)
        demo = process(leitstand("demo-mediamtx", "--port", str(ports[0]), *arguments))
        stack.enter_context(demo).find("(http://[0-9.:]+)", within=60)
        config = {
            "exporter": {"listen": listen},
            "mediamtx": [{"name": "hall", "url": f"http://{server}"}],
            "control_api": {"listen": api, "state": str(folder), "admin_token": _TOKEN},
        }
        file = folder / "leitstand.yml"
        file.write_text(yaml.safe_dump(config))
        stack.enter_context(process(leitstand("exporter", "--config", str(file))))
        child = stack.enter_context(process(leitstand("api", "--config", str(file))))
        service = Service(child, f"http://{api}")
        eventually(service.paths, 60)
        yield service


def rows() -> Iterator[Row]:
    with running() as service:
        yield from _watched(service)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        with running() as service:
            took = [_first_view(browser, service) for _ in range(_FIRST_VIEWS)]
        yield Row("the page's first view, usable after, median", median(took), "s", 1)
        with running("--paths", "1000", "--readers", "1000") as service:
            eventually(lambda: service.paths() == 1_000, 60)
            yield from _page(browser, service)
        browser.close()
    size = sum(len(file.content) for file in read().values())
    yield Row("all files of the page, uncompressed", size / 1000, "kB", 200)


def _watched(service: Service) -> Iterator[Row]:
    """CPU of the server alone, and when its clients have what was polled."""
    address = service.url.replace("http", "ws") + "/api/streams/live"
    command = [sys.executable, "-m", "tests.bench.watchers", address, _TOKEN]
    with subprocess.Popen(
        [*command, str(_CLIENTS), str(_SECONDS)], stdout=subprocess.PIPE, text=True
    ) as watchers:
        assert watchers.stdout is not None
        assert watchers.stdout.readline() == "ready\n"
        spent = _cpu([psutil.Process(service.api.pid)], _SECONDS - 2)
        heard = json.loads(watchers.stdout.read())
    least = min(map(len, heard))
    lags = list(itertools.chain(*heard))
    what = f"{_CLIENTS:,} WebSocket clients"
    yield Row(f"{what}: seconds from poll to client, p99", percentile(lags, 99), "s", 1)
    yield Row("the same, the slowest", max(lags), "s")
    yield Row(f"the same: changes that each saw in {_SECONDS} s, at least", least, "", 5, True)
    yield Row("the same: the server's CPU", spent, "cores", 1)


def _page(browser: Browser, service: Service) -> Iterator[Row]:
    page = _signed_in(browser, service, "streams")
    page.locator(".paths > li").nth(999).wait_for(state="attached")
    meter = page.context.new_cdp_session(page)
    meter.send("Performance.enable")
    renderers = [each for each in psutil.Process().children(recursive=True) if _renders(each)]
    # What loading left behind is not what staying costs.
    time.sleep(5)
    before = _tasks(meter)
    spent = _cpu(renderers, _SECONDS)
    tasks = (_tasks(meter) - before) / _SECONDS
    page.context.close()
    yield Row("the page with 1,000 paths: CPU of its renderer", spent * 100, "% of a core", 10)
    yield Row("the same: its main thread is busy", tasks * 100, "% of the time")


def _first_view(browser: Browser, service: Service) -> float:
    page = _signed_in(browser, service, "room")
    # Not wait_for_function: it is what the page's policy forbids.
    took = eventually(lambda: float(page.evaluate("window.usable ?? 0")) / 1000)
    page.context.close()
    return took


def _signed_in(browser: Browser, service: Service, view: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_USABLE)
    origin = {"Origin": service.url}
    body = {"token": _TOKEN}
    assert context.request.post(f"{service.url}/api/auth/login", data=body, headers=origin).ok
    page = context.new_page()
    page.goto(f"{service.url}/#/{view}", wait_until="commit")
    return page


def _renders(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "--type=renderer" in process.cmdline()
    return False


def _tasks(meter: object) -> float:
    metrics = meter.send("Performance.getMetrics")["metrics"]  # type: ignore[attr-defined]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def _cpu(processes: list[psutil.Process], seconds: float) -> float:
    """Cores that they use together, over so many seconds."""

    def spent() -> float:
        return sum(sum(each.cpu_times()[:2]) for each in processes)

    before, began = spent(), time.monotonic()
    time.sleep(seconds)
    return (spent() - before) / (time.monotonic() - began)
