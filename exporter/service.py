"""The exporter's composition root: configuration -> sources, pollers, pages, server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from exporter.exposition import Renderer
from exporter.pages import Pages, render
from exporter.poller import Poller
from exporter.publisher import Publisher
from exporter.server import create_app
from exporter.snapshot import Report, SnapshotStore
from exporter.sources.host.source import HostSource
from exporter.sources.mediamtx.forwards import ForwardsSource
from exporter.sources.mediamtx.recordings import RecordingsSource
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from exporter.sources.obs.source import ObsSource
from exporter.sources.source import Source, SourceId
from leitstand.clients.mediamtx import Access, MediaMTXClient
from leitstand.clients.obs import Address, ObsLink
from leitstand.config import Config, MediaMTXConfig, ObsConfig
from leitstand.feed.redis import RedisWriter, connected
from leitstand.serving import HttpServer

# "Down" is an answer older than three intervals.
_LIFETIME_INTERVALS = 3
# More than the 4 s by which MediaMTX may delay a refusal, at the default interval.
_DEADLINE_INTERVALS = 2.5
_JOIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Polled:
    """A source and how often it is asked."""

    source: Source[Any]
    interval: float
    part_of: SourceId | None = None

    def report(self) -> Report:
        lifetime = self.interval * _LIFETIME_INTERVALS
        return Report(self.source.id, lifetime, self.part_of)


def sources(config: Config) -> list[Polled]:
    """Every source that the configuration names. A new kind of source is one line here."""
    host = HostSource(config.host.mounts, config.host.devices)
    found = [Polled(host, config.exporter.poll_interval)]
    for server in config.mediamtx:
        found.extend(_mediamtx(server, config))
    for studio in config.obs:
        found.append(_obs(studio, config))
    return found


def _mediamtx(server: MediaMTXConfig, config: Config) -> list[Polled]:
    fast, slow = config.exporter.poll_interval, config.exporter.slow_interval
    access = Access(server.url, server.authorization, server.ca_file)
    watch = Watch(
        name=server.name,
        expected_paths=server.expected_paths,
        path_limit=server.path_limit,
        deadline=fast * _DEADLINE_INTERVALS,
        slow_interval=slow,
    )
    main = MediaMTXSource(watch, MediaMTXClient(access))
    forwards = ForwardsSource(
        server.name, MediaMTXClient(access), lambda: main.forwarding_paths, slow
    )
    recordings = RecordingsSource(server.name, MediaMTXClient(access), slow, server.path_limit)
    return [
        Polled(main, fast),
        Polled(forwards, slow, part_of=main.id),
        Polled(recordings, slow, part_of=main.id),
    ]


def _obs(studio: ObsConfig, config: Config) -> Polled:
    password = studio.password
    address = Address(
        studio.host, studio.port, lambda: password.get_secret_value() if password else None
    )
    source = ObsSource(
        studio.name,
        ObsLink(address),
        studio.recordings,
        config.exporter.slow_interval,
        interval=config.exporter.poll_interval,
    )
    return Polled(source, config.exporter.poll_interval)


def _publisher(config: Config, store: SnapshotStore) -> Publisher | None:
    redis = config.exporter.redis
    if redis is None:
        return None
    password = redis.password.get_secret_value() if redis.password else None
    lifetime = config.exporter.poll_interval * _LIFETIME_INTERVALS
    client = connected(redis.url, redis.username, password, redis.ca_file)
    return Publisher(store, RedisWriter(client, redis.url, redis.instance, lifetime))


class Exporter:
    """The running service."""

    def __init__(self, config: Config) -> None:
        polled = sources(config)
        self.store = SnapshotStore(each.report() for each in polled)
        self._pages = Pages(self.store, Renderer())
        self._pollers: Sequence[Poller] = [
            Poller(
                each.source,
                each.interval,
                self.store,
                partial(render, Renderer()),
                part_of=each.part_of,
            )
            for each in polled
        ]
        self._publisher = _publisher(config, self.store)
        users = {name: hash.get_secret_value() for name, hash in config.exporter.users.items()}
        app = create_app(self.store, self._pages, lambda: self.is_alive, users)
        self._server = HttpServer(
            app, config.exporter.listen, config.exporter.tls, "exporter.listen"
        )

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        self._pages.start()
        for poller in self._pollers:
            poller.start()
        if self._publisher:
            self._publisher.start()
        self._server.start()

    def stop(self) -> None:
        for poller in self._pollers:
            poller.ask_to_stop()
        if self._publisher:
            self._publisher.ask_to_stop()
        self._pages.stop()
        self._server.stop()
        until = time.monotonic() + _JOIN_SECONDS
        for poller in self._pollers:
            poller.join(max(0.0, until - time.monotonic()))

    @property
    def is_alive(self) -> bool:
        """Whether every source is still asked and requests are answered."""
        return self._server.is_alive and all(poller.is_alive for poller in self._pollers)
