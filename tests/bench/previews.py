"""What a hundred viewers of the live picture cost: how long each waits, and what OBS is asked."""

from __future__ import annotations

import http.client
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from leitstand.demo.obs import DemoObs
from tests.bench.rows import Row, median, percentile
from tests.running import eventually
from tests.venue import TOKEN, venue

VIEWERS = 100
SECONDS = 20.0
INTERVAL = 2.0


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings = folder / "recordings"
        recordings.mkdir()
        # OBS in this process, the service in its own.
        with DemoObs(recordings, fps=15) as demo, venue(folder, demo.port, recordings) as house:
            house.start()
            house.becomes(connected=True)
            eventually(lambda: house.ask("GET", "/recordings/preview").ok)
            before = demo.requests["GetSourceScreenshot"]
            waited = _viewers(house.url.removeprefix("http://"))
            asked = demo.requests["GetSourceScreenshot"] - before
    yield Row(f"live picture, {VIEWERS} viewers every {INTERVAL:g} s, median", median(waited), "ms")
    yield Row("the same, p95", percentile(waited, 95), "ms", 50)
    yield Row("screenshots in OBS per interval", asked / (SECONDS / INTERVAL), "", 1.15)


def _viewers(address: str) -> list[float]:
    waited: list[float] = []
    begin = time.monotonic() + 0.5
    threads = [
        threading.Thread(target=_view, args=(address, begin + n * INTERVAL / VIEWERS, waited))
        for n in range(VIEWERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waited


def _view(address: str, due: float, waited: list[float]) -> None:
    connection = http.client.HTTPConnection(address, timeout=10)
    until = due + SECONDS
    while due < until:
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.perf_counter()
        connection.request(
            "GET", "/api/recordings/preview", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert connection.getresponse().read()
        waited.append((time.perf_counter() - began) * 1000)
        due += INTERVAL
    connection.close()
