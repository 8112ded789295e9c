"""The running exporter over large servers: answers, series, bytes, CPU, memory, start."""

from __future__ import annotations

import contextlib
import http.client
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from tests.bench.rows import ROUNDS, Row, median, percentile
from tests.running import Process, eventually, free_port, leitstand, process

# One page of a real MediaMTX v1.20.1 with 1,000 live paths and 1,000 readers, as measured.
UPSTREAM_BYTES = 7_800_839
PROMETHEUS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@dataclass
class Bench:
    """An exporter over demo servers, each in a process of its own."""

    exporter: Process
    servers: list[Process]
    connection: http.client.HTTPConnection

    def get(self, *, gzip: bool = False, path: str = "/metrics") -> tuple[float, bytes]:
        """Milliseconds until the whole page is there, and the page."""
        headers = {"Accept": PROMETHEUS, "Accept-Encoding": "gzip" if gzip else "identity"}
        began = time.perf_counter()
        self.connection.request("GET", path, headers=headers)
        body = self.connection.getresponse().read()
        return (time.perf_counter() - began) * 1000, body

    def up(self) -> bool:
        """Whether the first server's metrics are there yet."""
        try:
            return b'mediamtx_up{server="s0"} 1.0' in self.get()[1]
        except OSError:
            self.connection.close()
            return False


@contextlib.contextmanager
def running(*servers: tuple[str, ...], interval: str = "2s") -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        demos, entries = [], []
        for number, arguments in enumerate(servers):
            port = free_port()
            command = leitstand("demo-mediamtx", "--port", str(port), *arguments)
            demo = stack.enter_context(process(command))
            demo.find("(http://[0-9.:]+)", within=60)
            demos.append(demo)
            entries.append(
                {"name": f"s{number}", "url": f"http://127.0.0.1:{port}", "path_limit": 10_000}
            )
        listen = f"127.0.0.1:{free_port()}"
        config = {"exporter": {"listen": listen, "poll_interval": interval}, "mediamtx": entries}
        file = folder / "leitstand.yml"
        file.write_text(yaml.safe_dump(config))
        exporter = stack.enter_context(process(leitstand("exporter", "--config", str(file))))
        connection = http.client.HTTPConnection(listen, timeout=10)
        stack.callback(connection.close)
        yield Bench(exporter, demos, connection)


def rows() -> Iterator[Row]:
    with running(("--paths", "1000", "--readers", "1000"), ()) as bench:
        yield from _pages(bench)
    for arguments, what, budgets in (
        (("--paths", "1000", "--readers", "1000"), "1,000 live paths, 1,000 readers", (150, 120)),
        (("--paths", "5000", "--readers", "5000"), "5,000 live paths, 5,000 readers", (None, None)),
        (("--idle", "5000"), "5,000 idle paths", (None, None)),
    ):
        with running(arguments) as bench:
            yield from _costs(bench, what, *budgets)
    yield from _start()


def _pages(bench: Bench) -> Iterator[Row]:
    eventually(bench.up)
    for gzip in (False, True):
        bench.get(gzip=gzip)
    plain = [_paced(bench, gzip=False) for _ in range(ROUNDS)]
    packed = [_paced(bench, gzip=True) for _ in range(ROUNDS)]
    page = bench.get()[1]
    series = sum(1 for line in page.splitlines() if not line.startswith(b"#"))
    yield Row("/metrics, 1,000 live paths and 1,000 readers, median", median(plain), "ms", 10)
    yield Row("the same with gzip, median", median(packed), "ms", 10)
    yield Row("its series", series, "series", 40_000)
    yield Row("its bytes, of MediaMTX's own page", len(page) / UPSTREAM_BYTES, "x", 0.5)
    bench.servers[1].send(signal.SIGSTOP)
    hanging = [_paced(bench, gzip=turn % 2 == 0, pause=0.05) for turn in range(ROUNDS * 5)]
    yield Row("/metrics while a source hangs, median", median(hanging), "ms", 20)
    yield Row("/metrics while a source hangs, p99", percentile(hanging, 99), "ms", 100)


def _paced(bench: Bench, *, gzip: bool, pause: float = 0.13) -> float:
    # Out of step with the polls, so that every phase of one is met.
    time.sleep(pause)
    return bench.get(gzip=gzip)[0]


def _costs(bench: Bench, what: str, cpu: float | None, memory: float | None) -> Iterator[Row]:
    """CPU and memory of polling every 2 s while Prometheus scrapes every 5 s."""
    eventually(bench.up, within=60)
    watched = psutil.Process(bench.exporter.pid)
    for _ in range(2):
        bench.get(gzip=True)
        time.sleep(2)
    spent, resident = [], []
    for turn in range(ROUNDS):
        before = sum(watched.cpu_times()[:2])
        time.sleep(2)
        if turn % 5 in (1, 3):
            bench.get(gzip=True)
        spent.append((sum(watched.cpu_times()[:2]) - before) * 1000)
        resident.append(watched.memory_info().rss / 1e6)
    yield Row(f"one poll, {what}: CPU, median", median(spent), "ms", cpu)
    yield Row(f"the same: memory, highest of {ROUNDS}", max(resident), "MB", memory)


def _start() -> Iterator[Row]:
    took = []
    for _ in range(5):
        with running(()) as bench:
            began = time.perf_counter()
            eventually(bench.up, within=30)
            took.append(time.perf_counter() - began)
    yield Row("exporter start to first good /metrics", median(took), "s", 3)
