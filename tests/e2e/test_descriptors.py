"""Clients without a token take no descriptor that a recording, a scrape or a ping needs."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from tests.flood import flood
from tests.running import Process, free_port, leitstand, limited, process, scrape
from tests.venue import TOKEN, Venue, venue

DESCRIPTORS = 256
IDLE = 300
HANG = 10.0
SOURCES = (("127.0.0.1",), ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"))


class Pings:
    """Asks again and again on a new connection, with a token; keeps how long each took."""

    def __init__(self, url: str) -> None:
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self._url = f"{url}/api/auth/me"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Pings:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.2):
            began = time.monotonic()
            try:
                requests.get(
                    self._url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=HANG
                ).raise_for_status()
            except requests.RequestException as error:
                self.failures.append(str(error))
            self.seconds.append(time.monotonic() - began)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Venue]:
    """A service with few descriptors, beside a demo OBS in a process of its own."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "leitstand.demo.obs", "--port", str(port)]
    with process([*command, "--recordings", str(recordings)]) as obs:
        obs.find(r"(ws://\S+)")
        with venue(tmp_path, port, recordings) as made:
            file = tmp_path / "leitstand.yml"
            made.start_recorder()
            made.service = Process(limited(leitstand("api", "--config", str(file)), DESCRIPTORS))
            made.service.find(r"control API .* at (http://\S+)")
            yield made


@pytest.mark.parametrize("sources", SOURCES, ids=("one address", "several"))
def test_a_window_is_recorded_beside_a_flood_of_idle_connections(
    house: Venue, sources: tuple[str, ...]
) -> None:
    house.becomes(60, connected=True)
    port = int(house.url.rpartition(":")[2])
    with flood(port, IDLE, *sources), Pings(house.url) as pings:
        schedule = house.window(starts_in=3, seconds=14)
        run = house.run(schedule, within=60)
    assert run["outcome"] == "recorded", run
    assert not pings.failures
    assert max(pings.seconds) < HANG
    assert house.service is not None
    assert "Too many open files" not in house.service.output
    log = sum(file.stat().st_size for file in (house.folder / "state" / "logs").glob("api.log*"))
    assert log + len(house.service.output) < 100_000


@contextlib.contextmanager
def exporter(folder: Path) -> Iterator[str]:
    file = folder / "exporter.yml"
    file.write_text(yaml.safe_dump({"exporter": {"listen": f"127.0.0.1:{free_port()}"}}))
    command = limited(leitstand("exporter", "--config", str(file)), DESCRIPTORS)
    with process(command) as service:
        yield service.find(r"exporter .* at (http://\S+)")
        assert "Too many open files" not in service.output
        assert len(service.output) < 50_000


@pytest.mark.parametrize("sources", SOURCES, ids=("one address", "several"))
def test_the_exporter_is_scraped_beside_a_flood(tmp_path: Path, sources: tuple[str, ...]) -> None:
    with exporter(tmp_path) as url:
        before = scrape(url)
        with flood(int(url.rpartition(":")[2]), IDLE, *sources):
            for _ in range(20):
                assert scrape(url).keys() >= before.keys()
                time.sleep(0.1)


@pytest.mark.parametrize("service", ["api", "exporter"])
def test_a_service_raises_its_soft_limit(tmp_path: Path, service: str) -> None:
    file = tmp_path / "leitstand.yml"
    listen = {"listen": f"127.0.0.1:{free_port()}"}
    api = listen | {"state": str(tmp_path / "state"), "admin_token": TOKEN}
    file.write_text(yaml.safe_dump({"exporter": listen, "control_api": api}))
    command = ["sh", "-c", 'ulimit -Sn 300; ulimit -Hn 400; exec "$@"', "sh"]
    with process([*command, *leitstand(service, "--config", str(file))]) as running:
        running.find(r" at (http://\S+)")
        limits = Path(f"/proc/{running.pid}/limits").read_text()
    assert re.search(r"^Max open files +400 +400 ", limits, re.MULTILINE), limits
