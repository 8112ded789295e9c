"""Several exporters into one Redis, any number of readers from it.

`leitstand:snapshot:<instance>` is what one exporter sees; it expires when that one is silent for
three intervals. `mediamtx:streams:latest` is all of them merged, written by whoever wrote last,
and `leitstand:snapshots` is the channel that tells its sequence number.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

from leitstand.feed.feed import FeedError, Json
from leitstand.feed.merge import merged

INSTANCES = "leitstand:instances"
LATEST = "mediamtx:streams:latest"
CHANNEL = "leitstand:snapshots"
_SEQUENCE = "leitstand:sequence"
_ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 0.5


def connected(url: str, username: str | None, password: str | None, ca_file: Path | None) -> Redis:
    """A client that connects when it is first used, and gives up on an answer after 5 s."""
    options: dict[str, Any] = {"ssl_ca_certs": str(ca_file)} if ca_file else {}
    return Redis.from_url(
        url,
        username=username,
        password=password,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        **options,
    )


class RedisWriter:
    """One exporter's hand. `lifetime` in seconds is how long what it wrote holds."""

    def __init__(self, client: Redis, url: str, instance: str, lifetime: float) -> None:
        self._client = client
        self._url = url
        self._instance = instance
        self._milliseconds = max(1, round(lifetime * 1000))

    def write(self, snapshot: Json) -> None:
        """Replace what this exporter said, and the merge of all. Raises FeedError."""
        own = {**snapshot, "instance": self._instance}
        try:
            with self._client.pipeline() as pipe:
                pipe.set(_key(self._instance), msgspec.json.encode(own), px=self._milliseconds)
                pipe.sadd(INSTANCES, self._instance)
                pipe.execute()
            # Watched: of two that merge at once, the later one merges again.
            self._client.transaction(self._merge, LATEST)
        except RedisError as error:
            raise _told(error, self._url) from None

    def close(self) -> None:
        self._client.close()

    def _merge(self, pipe: Pipeline) -> None:
        instances = sorted(_text(name) for name in pipe.smembers(INSTANCES))
        bodies = pipe.mget([_key(name) for name in instances]) if instances else []
        found = dict(zip(instances, bodies, strict=True))
        parts = [msgspec.json.decode(body) for body in found.values() if body]
        sequence = int(pipe.incr(_SEQUENCE))
        body = msgspec.json.encode(merged(parts, sequence))
        gone = [name for name, body in found.items() if not body]
        pipe.multi()
        pipe.set(LATEST, body, px=self._milliseconds)
        pipe.publish(CHANNEL, sequence)
        if gone:
            pipe.srem(INSTANCES, *gone)


class RedisFeed:
    """The merge of all exporters, as soon as one has written."""

    def __init__(self, client: Redis, url: str) -> None:
        self._client = client
        self._url = url
        self._channel = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._is_aborted = False

    def next(self, after: int | None, seconds: float) -> Json | None:
        until = time.monotonic() + seconds
        try:
            # Before the first look, or what is written right after it would not be heard.
            self._listen()
            while True:
                snapshot = self._latest()
                if snapshot["sequence"] != after:
                    return snapshot
                if time.monotonic() >= until:
                    return None
                self._channel.get_message(timeout=_LOOK_SECONDS)
        except RedisError as error:
            self._channel.reset()
            raise _told(error, self._url) from None

    def abort(self) -> None:
        self._is_aborted = True

    def close(self) -> None:
        self._channel.close()
        self._client.close()

    def _listen(self) -> None:
        if not self._channel.subscribed:
            self._channel.subscribe(CHANNEL)

    def _latest(self) -> Json:
        if self._is_aborted:
            raise FeedError("the service ends")
        body = self._client.get(LATEST)
        if body is None:
            raise FeedError(f"no exporter writes to the Redis at {self._url}; is one running?")
        snapshot: Json = msgspec.json.decode(body, type=dict)
        return snapshot


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _key(instance: str) -> str:
    return f"leitstand:snapshot:{instance}"


def _told(error: RedisError, url: str) -> FeedError:
    # Redis's own words name neither the password nor what is written.
    return FeedError(f"the Redis at {url}: {str(error)[:200] or type(error).__name__}")
