"""The same promises, by HTTP and through a real Redis."""

from __future__ import annotations

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import bcrypt
import pytest

from exporter.publisher import Publisher
from exporter.server import create_app
from exporter.snapshot import Report, SnapshotStore
from exporter.sources.source import SourceId
from leitstand.config.values import parse_listen
from leitstand.feed import Feed, FeedError, Source, open_feed
from leitstand.feed.redis import INSTANCES, LATEST, RedisWriter, connected
from leitstand.serving import HttpServer
from tests.redis import RealRedis, running
from tests.running import eventually, free_port

PASSWORD = "open sesame"


class Way(ABC):
    """A way from a store to a feed, and what can happen to it."""

    def __init__(self) -> None:
        source = SourceId("mediamtx", "main")
        self.store = SnapshotStore([Report(source, 6.0)])
        self.source = source

    def publish(self) -> None:
        """Another snapshot, of a server that does not answer."""
        self.store.publish(self.source, duration=0.1, error="refused")

    @abstractmethod
    def feed(self, password: str = PASSWORD) -> Feed: ...

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...


class ByHttp(Way):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._port = free_port()
        self._hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()

    def feed(self, password: str = PASSWORD) -> Feed:
        return open_feed(Source(f"http://127.0.0.1:{self._port}", "api", password))

    def start(self) -> None:
        app = create_app(self.store, None, lambda: True, {"api": self._hash})  # type: ignore[arg-type]
        self._server = HttpServer(app, parse_listen(f"127.0.0.1:{self._port}"), None, "listen")
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


class ThroughRedis(Way):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.redis = RealRedis(folder, password=PASSWORD)
        client = connected(self.redis.url, None, PASSWORD, None)
        self._publisher = Publisher(
            self.store, RedisWriter(client, self.redis.url, "here", 6.0), least=0.0
        )
        self._publisher.start()

    def feed(self, password: str = PASSWORD) -> Feed:
        return open_feed(Source(self.redis.url, None, password))

    def start(self) -> None:
        self.redis.start()

    def stop(self) -> None:
        self.redis.kill()

    def end(self) -> None:
        self._publisher.ask_to_stop()
        self._publisher.join(5)
        self.redis.client.close()


@pytest.fixture(params=[ByHttp, ThroughRedis], ids=["http", "redis"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    way: Way = request.param(tmp_path)
    way.start()
    way.publish()
    yield way
    way.stop()
    if isinstance(way, ThroughRedis):
        way.end()


@pytest.fixture
def feed(way: Way) -> Iterator[Feed]:
    with contextlib.closing(way.feed()) as feed:
        yield feed


def first(feed: Feed) -> dict[str, Any]:
    """The first snapshot; Redis may not have been written to yet."""
    found: list[dict[str, Any]] = []

    def asked() -> bool:
        with contextlib.suppress(FeedError):
            found.append(feed.next(None, 2.0) or {})
        return bool(found)

    eventually(asked)
    return found[0]


def test_the_latest_is_there_at_once(feed: Feed) -> None:
    snapshot = first(feed)
    assert [server["name"] for server in snapshot["servers"]] == ["main"]
    assert snapshot["servers"][0]["error"] == "refused"


def test_the_next_one_is_waited_for(way: Way, feed: Feed) -> None:
    sequence = first(feed)["sequence"]
    threading.Timer(0.5, way.publish).start()
    began = time.monotonic()
    found = feed.next(sequence, 10.0)
    assert found is not None
    assert found["sequence"] != sequence
    assert 0.3 < time.monotonic() - began < 9


def test_it_is_down_while_it_is_away_and_right_again_after(way: Way, feed: Feed) -> None:
    before = first(feed)
    way.stop()
    with pytest.raises(FeedError, match=r"127\.0\.0\.1"):
        feed.next(before["sequence"], 1.0)
    way.start()
    way.publish()
    assert first(feed)["servers"] == before["servers"]


def test_what_could_not_be_handed_on_needs_no_other_poll(
    way: Way, feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    before = first(feed)
    way.stop()
    way.publish()
    if isinstance(way, ThroughRedis):
        eventually(lambda: "nobody there sees" in caplog.text)
    way.start()
    assert first(feed)["servers"] == before["servers"]


def test_a_wrong_password_says_so_and_stays_secret(way: Way) -> None:
    with contextlib.closing(way.feed("wr0ng-s3cret")) as feed:
        with pytest.raises(FeedError) as raised:
            feed.next(None, 2.0)
    assert "password" in str(raised.value)
    assert "wr0ng-s3cret" not in f"{raised.value} {raised.value!r} {raised.value.__cause__!r}"


def test_who_waits_is_woken_by_the_end(way: Way, feed: Feed) -> None:
    sequence = first(feed)["sequence"]
    threading.Timer(0.3, feed.abort).start()
    began = time.monotonic()
    # Redis may have been written to once more meanwhile.
    with pytest.raises(FeedError):
        ask_on(feed, sequence)
    assert time.monotonic() - began < 10


def test_what_is_no_exporter_is_told(serve_text: Callable[[str], str]) -> None:
    with contextlib.closing(open_feed(Source(serve_text('{"detail": "hello"}')))) as feed:
        with pytest.raises(FeedError, match="no exporter"):
            feed.next(None, 2.0)


def ask_on(feed: Feed, sequence: int) -> None:
    while True:
        feed.next(sequence, 20.0)


class TestRedisOnly:
    def test_two_exporters_are_merged_and_one_that_ends_is_gone(self, tmp_path: Path) -> None:
        with running(tmp_path) as redis:
            one, two = writer(redis, "one", 30.0), writer(redis, "two", 0.4)
            one.write(snapshot("a"))
            two.write(snapshot("b"))
            with contextlib.closing(open_feed(Source(redis.url))) as feed:
                both = feed.next(None, 1.0)
                assert both is not None
                assert [each["name"] for each in both["servers"]] == ["a", "b"]
                eventually(lambda: redis.client.exists("leitstand:snapshot:two") == 0)
                one.write(snapshot("a"))
                left = feed.next(both["sequence"], 1.0)
                assert left is not None
                assert [each["name"] for each in left["servers"]] == ["a"]
            assert redis.client.smembers(INSTANCES) == {b"one"}
            one.close()
            two.close()

    def test_without_an_exporter_it_says_so(self, tmp_path: Path) -> None:
        with running(tmp_path) as redis:
            one = writer(redis, "one", 0.3)
            one.write(snapshot("a"))
            one.close()
            eventually(lambda: redis.client.exists(LATEST) == 0)
            with contextlib.closing(open_feed(Source(redis.url))) as feed:
                with pytest.raises(FeedError, match="no exporter writes"):
                    feed.next(None, 1.0)

    def test_a_full_one_is_told_and_heals(self, tmp_path: Path) -> None:
        with running(tmp_path) as redis:
            one = writer(redis, "one", 30.0)
            redis.client.config_set("maxmemory", "1")
            with pytest.raises(FeedError, match="maxmemory"):
                one.write(snapshot("a"))
            redis.client.config_set("maxmemory", "0")
            one.write(snapshot("a"))
            one.close()

    def test_a_frozen_one_is_given_up_on_and_right_again(self, tmp_path: Path) -> None:
        with running(tmp_path) as redis:
            one = writer(redis, "one", 60.0)
            one.write(snapshot("a"))
            with contextlib.closing(open_feed(Source(redis.url))) as feed:
                assert feed.next(None, 1.0)
                redis.send(SIGSTOP)
                began = time.monotonic()
                with pytest.raises(FeedError):
                    feed.next(None, 1.0)
                assert time.monotonic() - began < 30
                redis.send(SIGCONT)
                assert feed.next(None, 5.0)
            one.close()

    def test_two_that_write_at_once_lose_nothing(self, tmp_path: Path) -> None:
        with running(tmp_path) as redis:
            names = ["one", "two", "three"]
            threads = [threading.Thread(target=_write_often, args=(redis, each)) for each in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with contextlib.closing(open_feed(Source(redis.url))) as feed:
                found = feed.next(None, 1.0)
            assert found is not None
            assert {each["name"] for each in found["servers"]} == {"one9", "two9", "three9"}


def _write_often(redis: RealRedis, name: str) -> None:
    with contextlib.closing(writer(redis, name, 60.0)) as each:
        for number in range(10):
            each.write(snapshot(f"{name}{number}"))


def writer(redis: RealRedis, instance: str, lifetime: float) -> RedisWriter:
    return RedisWriter(connected(redis.url, None, None, None), redis.url, instance, lifetime)


def snapshot(server: str) -> dict[str, Any]:
    servers = [{"name": server, "up": True, "paths": []}]
    return {"sequence": 1, "time": 1.0, "servers": servers, "studios": [], "host": None}
