"""The control API's composition root: configuration -> database, services, timer, server."""

from __future__ import annotations

from control_api.app import create_app
from control_api.clock import Clock, SystemClock
from control_api.database import opened
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.studios.studio import Studio, Studios
from control_api.timer import Timer
from leitstand.clients.obs import Address, ObsLink
from leitstand.config import Config, ObsConfig
from leitstand.serving import HttpServer


class ControlApi:
    """The running service."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.database = opened(config.control_api.database_url)
        self.studios = Studios([_studio(each) for each in config.obs])
        self.events = EventService(EventStore(self.database), clock)
        self.timer = Timer()
        provided = {Studios: self.studios, EventService: self.events}
        self.app = create_app(provided)
        settings = config.control_api
        self._server = HttpServer(
            self.app, settings.listen, settings.tls, "control_api.listen", websockets=True
        )

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        self.timer.start()
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
        self.timer.stop()
        self.studios.close()
        self.database.close()


def _studio(config: ObsConfig) -> Studio:
    password = config.password
    address = Address(
        config.host, config.port, lambda: password.get_secret_value() if password else None
    )
    return Studio(config.name, ObsLink(address), config.recordings)
