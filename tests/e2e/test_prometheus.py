"""A real Prometheus scrapes the real exporter and answers queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from leitstand.demo.mediamtx import DemoMediaMTX
from tests.alertmanager.hurry import hurried
from tests.running import eventually, free_port, leitstand, process

SHIPPED = Path(__file__).parents[2] / "prometheus" / "prometheus.yml"
FACTOR = 10.0


class Queries:
    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, endpoint: str, **parameters: str) -> Any:
        answer = requests.get(f"{self._url}/api/v1/{endpoint}", params=parameters, timeout=10)
        return answer.json()["data"]

    def values(self, query: str) -> list[float]:
        return [float(r["value"][1]) for r in self.get("query", query=query)["result"]]


@pytest.fixture(scope="module")
def queries(prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queries]:
    folder = tmp_path_factory.mktemp("prometheus")
    with DemoMediaMTX() as demo:
        config = {
            "exporter": {"listen": "127.0.0.1:0", "poll_interval": "500ms"},
            "mediamtx": [{"name": "main", "url": demo.url, "expected_paths": ["stage"]}],
        }
        file = folder / "leitstand.yml"
        file.write_text(yaml.safe_dump(config))
        with process(leitstand("exporter", "--config", str(file))) as exporter:
            target = exporter.find(r"exporter .* at http://(\S+)")
            port = free_port()
            with process(prometheus_command(prometheus, folder, target, port)):
                found = Queries(f"http://127.0.0.1:{port}")
                eventually(lambda: ready(port), within=30)
                yield found


def prometheus_command(program: str, folder: Path, target: str, port: int) -> list[str]:
    """The shipped configuration, with this test's address and a faster pace; nobody is told.

    Else rates over a minute and what is evaluated once a minute would be waited for.
    """
    config = yaml.safe_load(SHIPPED.read_text())
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    del config["alerting"]
    config["rule_files"] = [str(hastened(file, folder)) for file in shipped(config["rule_files"])]
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    jobs["leitstand-exporter"]["static_configs"][0]["targets"] = [target]
    jobs["prometheus"]["static_configs"][0]["targets"] = [f"127.0.0.1:{port}"]
    config["scrape_configs"] = [jobs["leitstand-exporter"], jobs["prometheus"]]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


def shipped(patterns: list[str]) -> list[Path]:
    return [file for pattern in patterns for file in sorted(SHIPPED.parent.glob(pattern))]


def hastened(file: Path, folder: Path) -> Path:
    copy = folder / f"{file.parent.name}-{file.name}"
    copy.write_text(yaml.safe_dump(hurried(yaml.safe_load(file.read_text()), FACTOR)))
    return copy


def ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/-/ready", timeout=1).ok
    except requests.RequestException:
        return False


def test_it_is_scraped_as_openmetrics_without_complaint(queries: Queries) -> None:
    def target() -> Any:
        active = queries.get("targets")["activeTargets"]
        mine = [t for t in active if t["labels"]["job"] == "leitstand-exporter"]
        return mine and mine[0]["health"] != "unknown" and mine[0]

    found = eventually(target, within=30)
    assert (found["health"], found["lastError"]) == ("up", "")


def test_queries_are_answered(queries: Queries) -> None:
    assert eventually(lambda: queries.values('mediamtx_up{server="main"}')) == [1]
    assert queries.values('mediamtx_path_online{path="stage"}') == [1]
    assert queries.values("count(mediamtx_path_available)")[0] > 10
    rate = 'rate(mediamtx_path_inbound_bytes_total{path="stage"}[10s])'
    # The demo's stage publishes at 6 Mbit/s; the first samples are too few for a rate.
    eventually(lambda: [v for v in queries.values(rate) if 600_000 < v < 900_000], within=30)


def test_types_and_help_arrive(queries: Queries) -> None:
    metadata = eventually(lambda: queries.get("metadata"))
    assert metadata["mediamtx_path_online"][0]["type"] == "gauge"
    kinds = {entry[0]["type"] for name, entry in metadata.items() if "inbound_bytes" in name}
    assert kinds == {"counter"}


def test_every_rule_is_evaluated(queries: Queries) -> None:
    def rules() -> Any:
        found = [rule for group in queries.get("rules")["groups"] for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else None

    found = eventually(rules, within=90)
    assert len(found) > 90
    assert [rule["name"] for rule in found if rule["health"] != "ok"] == []


def test_recorded_series_are_there(queries: Queries) -> None:
    inbound = 'path:mediamtx_path_inbound_bytes:rate1m{path="stage",host="leitstand"}'
    eventually(lambda: [v for v in queries.values(inbound) if v > 600_000], within=60)
    assert queries.values("sum(server_protocol:mediamtx_path_readers:sum)")[0] > 0


def test_what_always_fires_does(queries: Queries) -> None:
    assert eventually(lambda: queries.values('ALERTS{alertname="Watchdog"}')) == [1]


def test_what_rules_ask_prometheus_about_itself_exists(queries: Queries) -> None:
    eventually(lambda: queries.values("prometheus_rule_evaluation_failures_total"))
