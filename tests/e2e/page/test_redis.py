"""Two exporters write into one Redis, two services show both; it is killed and comes back.

By REST, and as two people see it who look at the same time, each at one of the services.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from playwright.sync_api import Browser, Locator, Page, expect

from leitstand.demo.mediamtx import DemoMediaMTX, World
from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import login
from tests.e2e.page.test_accessible import violations
from tests.redis import RealRedis, running
from tests.running import Process, eventually, free_port, leitstand, process
from tests.venue import TOKEN, ZONE

PASSWORD = "s3same-open"
POLL_SECONDS = 1.0
SECONDS = 1_000


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

    def publish(self, path: str) -> None:
        """By an encoder, at the first exporter's MediaMTX."""
        world = self.demos[0].world
        world.advance(time.time())
        world.publish(path)


@dataclass
class Door:
    """One of the two services, for people."""

    url: str

    def cookie(self, role: str) -> str:
        return login(self.url, TOKEN)


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
            for service in ("recorder", "exporter", "api"):
                command = leitstand(service, "--config", str(file))
                made.processes.append(stack.enter_context(process(command)))
            made.apis.append(f"http://{api}")
        yield made


@pytest.fixture
def visits(services: Services, browser: Browser) -> Iterator[list[Visits]]:
    """Somebody at each service."""
    both = [Visits(Door(api), browser) for api in services.apis]
    yield both
    assert [each.end() for each in both] == [[], []]


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
        "recorder": {"runtime": str(folder / f"{name}-run")},
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

    services.publish("cam/new")
    services.redis.start()
    back = time.monotonic()
    eventually(lambda: services.shows("one/cam/one", "one/cam/new", "two/cam/two"), 30)
    # One poll, and the pause after which who could not write or read tries again.
    assert time.monotonic() - back < POLL_SECONDS + 5
    for each in services.processes:
        assert PASSWORD not in each.output


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_who_looks_is_told_since_when_and_sees_it_heal(
    services: Services, visits: list[Visits], size: str
) -> None:
    eventually(lambda: services.shows("one/cam/one", "two/cam/two"), 60)
    streams, room = visits[0].open(size=size, view="streams"), visits[1].open(size=size)
    shows(streams, "cam/one", "cam/two")
    with not_loaded_anew(streams, room):
        killed = time.time()
        services.redis.kill()
        notices = [told(streams, "No figures since", killed), told(room, "Is Redis", killed)]
        services.publish("cam/new")
        shows(streams, "cam/one", "cam/two")
        services.redis.start()
        for notice in notices:
            expect(notice).to_be_hidden(timeout=30 * SECONDS)
        room.get_by_role("link", name="Streams").click()
        for page in (streams, room):
            shows(page, "cam/one", "cam/two", "cam/new")


@contextlib.contextmanager
def not_loaded_anew(*pages: Page) -> Iterator[None]:
    for page in pages:
        page.evaluate("window.isTheSame = true")
    yield
    assert all(page.evaluate("window.isTheSame") for page in pages)


def shows(page: Page, *paths: str) -> None:
    """Exactly these."""
    expect(page.get_by_role("list", name="Streams").get_by_role("button")).to_have_count(len(paths))
    for path in paths:
        expect(page.get_by_role("button", name=path)).to_be_visible()


def told(page: Page, words: str, since: float) -> Locator:
    """The notice with these words; it says since when, and anybody may read it."""
    notice = page.locator(".trouble").filter(has_text=words)
    expect(notice).to_be_visible()
    minutes = {datetime.fromtimestamp(at, ZONE).strftime("%H:%M") for at in (since, since + 60)}
    expect(notice).to_contain_text(re.compile(rf"since .*\b({'|'.join(minutes)})\b"))
    assert PASSWORD not in page.content()
    assert violations(page) == []
    return notice
