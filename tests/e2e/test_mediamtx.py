"""A server's life as the exporter shows it: on the demo, and on the real one if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conftest import program
from tests.e2e import servers
from tests.e2e.servers import CONFIGURED, Server
from tests.running import Series, eventually, leitstand, process, scrape

INTERVAL = 0.2


@dataclass
class Watched:
    server: Server
    url: str

    def value(self, family: str, **labels: str) -> float | None:
        """The value of the one series with these labels."""
        wanted = [f'{name}="{value}"' for name, value in labels.items()]
        found = [
            value
            for series, value in scrape(self.url).items()
            if series.partition("{")[0] == family and all(label in series for label in wanted)
        ]
        assert len(found) < 2, found
        return found[0] if found else None

    def becomes(self, wanted: float | None, family: str, **labels: str) -> None:
        eventually(lambda: self.value(family, **labels) == wanted, within=25)

    def passes(self, mark: float, family: str, **labels: str) -> float:
        """Wait until the value is greater than `mark`, and give it."""
        eventually(lambda: (self.value(family, **labels) or 0) > mark, within=25)
        value = self.value(family, **labels)
        assert value is not None
        return value


@pytest.fixture(params=["demo", "real"])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    if request.param == "real" and servers.mediamtx() is None:
        # There is no package of it, so this is a skip in CI as well.
        pytest.skip("no mediamtx on this machine (MEDIAMTX_BIN or PATH)")
    if request.param == "real":
        program("ffmpeg")
    start: Callable[[], object] = (
        servers.demo if request.param == "demo" else (lambda: servers.real(tmp_path))
    )
    with start() as server:  # type: ignore[attr-defined]
        config = {
            "exporter": {"listen": "127.0.0.1:0", "poll_interval": INTERVAL, "slow_interval": 1},
            "mediamtx": [{"name": "main", "url": server.url, "expected_paths": ["never"]}],
        }
        file = tmp_path / "leitstand.yml"
        file.write_text(yaml.safe_dump(config))
        with process(leitstand("exporter", "--config", str(file))) as exporter:
            url = exporter.find(r"exporter .* at (http://\S+)")
            yield Watched(server, url)


def test_a_path_comes_is_read_freezes_goes_and_comes_back(watched: Watched) -> None:
    inbound, online = "mediamtx_path_inbound_bytes_total", "mediamtx_path_online"
    watched.becomes(0, online, path=CONFIGURED)
    watched.becomes(0, online, path="never")
    watched.becomes(None, online, path="guest")

    for path in (CONFIGURED, "guest"):
        watched.server.publish(path)
        watched.becomes(1, online, path=path)
    watched.server.read(CONFIGURED)
    watched.becomes(1, "mediamtx_path_readers", path=CONFIGURED, protocol="rtsp")
    watched.becomes(1, "mediamtx_sessions", path=CONFIGURED, protocol="rtsp", role="read")
    watched.passes(100_000, inbound, path=CONFIGURED)
    watched.passes(0, "mediamtx_session_outbound_bytes_total", path=CONFIGURED, protocol="rtsp")
    assert watched.value("mediamtx_path_video_info", path=CONFIGURED, codec="H264") == 1

    watched.server.unpublish("guest")
    watched.becomes(None, inbound, path="guest")
    watched.server.unpublish(CONFIGURED)
    watched.becomes(0, online, path=CONFIGURED)
    before = watched.passes(100_000, inbound, path=CONFIGURED)

    watched.server.publish(CONFIGURED)
    watched.becomes(1, "mediamtx_path_reconnects_total", path=CONFIGURED)
    watched.passes(before, inbound, path=CONFIGURED)


def test_counters_go_on_over_a_restart_of_the_server(watched: Watched) -> None:
    watched.server.publish("guest")
    before = watched.passes(50_000, "mediamtx_path_inbound_bytes_total", path="guest")
    started = watched.value("mediamtx_start_time_seconds")
    watched.server.restart()
    eventually(lambda: watched.value("mediamtx_start_time_seconds") not in (None, started), 25)
    after = watched.passes(before, "mediamtx_path_inbound_bytes_total", path="guest")
    assert after > before
    watched.becomes(2, "mediamtx_sessions_opened_total", path="guest", role="publish")


def test_a_frozen_publisher_shows_in_its_newest_data(watched: Watched) -> None:
    newest = "mediamtx_path_last_data_timestamp_seconds"
    watched.server.publish(CONFIGURED)
    watched.passes(0, newest, path=CONFIGURED)
    watched.server.freeze(CONFIGURED)
    seen: list[Series] = []

    def stands_still() -> bool:
        seen.append(scrape(watched.url))
        at = f'{newest}{{path="{CONFIGURED}",server="main"}}'
        success = 'leitstand_source_last_success_timestamp_seconds{name="main",source="mediamtx"}'
        return seen[-1][success] - seen[-1][at] > 5 * INTERVAL

    eventually(stands_still)
    # The server itself notices only after its read timeout.
    assert seen[-1][f'mediamtx_path_online{{path="{CONFIGURED}",server="main"}}'] == 1
