"""Two exporters write into one Redis, two services show both; it is killed and comes back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from leitstand.demo.mediamtx import DemoMediaMTX, World
from tests.redis import RealRedis, running
from tests.running import Process, eventually, free_port, leitstand, process
from tests.venue import TOKEN

PASSWORD = "s3same-open"
POLL_SECONDS = 1.0


@dataclass
class Services:
    redis: RealRedis
    demos: list[DemoMediaMTX]
    apis: list[str]
    processes: list[Process]

    def latest(self, api: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with contextlib.suppress(requests.ConnectionError):
            answer = requests.get(f"{api}/api/streams/latest", headers=headers, timeout=10)
            if answer.ok:
                return dict(answer.json()["data"])
        return {"feed": {"connected": False}, "servers": []}

    def lost(self, api: str) -> dict[str, Any]:
        """What is said of the feed once no snapshot comes any more."""
        feed = dict(self.latest(api)["feed"])
        return {} if feed["connected"] else feed

    def shows(self, *wanted: str) -> bool:
        """Whether both services see exactly these paths, and that they are new."""
        now = [self.latest(api) for api in self.apis]
        return all(each["feed"]["connected"] and _paths(each) == set(wanted) for each in now)


def _paths(latest: dict[str, Any]) -> set[str]:
    return {
        f"{server['name']}/{path['name']}"
        for server in latest["servers"]
        for path in server["paths"]
    }


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(running(tmp_path, password=PASSWORD))
        made = Services(redis, [], [], [])
        for name in ("one", "two"):
            world = World()
            world.publish(f"cam/{name}")
            demo = stack.enter_context(DemoMediaMTX(world))
            made.demos.append(demo)
            api = f"127.0.0.1:{free_port()}"
            file = tmp_path / f"{name}.yml"
            file.write_text(yaml.safe_dump(_config(name, demo.url, api, redis.url, tmp_path)))
            for service in ("exporter", "api"):
                command = leitstand(service, "--config", str(file))
                made.processes.append(stack.enter_context(process(command)))
            made.apis.append(f"http://{api}")
        yield made


def _config(name: str, url: str, api: str, redis: str, folder: Path) -> dict[str, Any]:
    return {
        "exporter": {
            "listen": f"127.0.0.1:{free_port()}",
            "poll_interval": f"{POLL_SECONDS:g}s",
            "redis": {"url": redis, "password": PASSWORD, "instance": name},
        },
        "mediamtx": [{"name": name, "url": url}],
        "control_api": {
            "listen": api,
            "state": str(folder / name),
            "admin_token": TOKEN,
            "snapshot": redis,
            "snapshot_password": PASSWORD,
        },
    }


def test_both_services_show_both_exporters_also_after_redis_was_killed(services: Services) -> None:
    eventually(lambda: services.shows("one/cam/one", "two/cam/two"), 60)

    services.redis.kill()
    killed = time.time()
    for api in services.apis:
        lost = eventually(lambda api=api: services.lost(api))
        assert abs(float(lost["since"]) - killed) < 10
        assert PASSWORD not in lost["error"]
        assert _paths(services.latest(api)) == {"one/cam/one", "two/cam/two"}

    world = services.demos[0].world
    world.advance(time.time())
    world.publish("cam/new")
    services.redis.start()
    back = time.monotonic()
    eventually(lambda: services.shows("one/cam/one", "one/cam/new", "two/cam/two"), 30)
    # One poll, and the pause after which who could not write or read tries again.
    assert time.monotonic() - back < POLL_SECONDS + 5
    for each in services.processes:
        assert PASSWORD not in each.output
