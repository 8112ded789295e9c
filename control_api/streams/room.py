"""Everything that shows streams, put together."""

from __future__ import annotations

from control_api.clock import Clock
from control_api.provide import Provided
from control_api.streams.follower import Follower
from control_api.streams.service import StreamService
from leitstand.config import Config
from leitstand.feed import Source, open_feed


class Streams:
    """`provided` is for the app."""

    def __init__(self, config: Config, clock: Clock) -> None:
        service = StreamService(clock)
        self._follower = Follower(open_feed(_source(config)), service)
        self.provided: Provided = {StreamService: service}

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop()


def _source(config: Config) -> Source:
    settings = config.control_api
    password = settings.snapshot_password
    return Source(
        settings.snapshot or config.exporter.url,
        settings.snapshot_username,
        password.get_secret_value() if password else None,
        settings.snapshot_ca_file,
    )
