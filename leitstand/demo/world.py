"""The worlds a demo MediaMTX can show: a small lively one, and large ones for benchmarks."""

from __future__ import annotations

from collections.abc import Callable

from leitstand.demo import cast
from leitstand.demo.entities import PathConf
from leitstand.demo.simulation import Simulation

SHORT_FREEZE_SECONDS = 8.0
MOST_GUESTS_AT_STAGE = 12
BALCONY = "cam/balcony"


class World(Simulation):
    """What happens by itself is deterministic for a seed; tests may steer it by hand as well."""

    @classmethod
    def standard(cls, *, seed: int = 1) -> World:
        """About 16 paths of every kind, with publishers and readers that behave and misbehave."""
        world = cls(seed=seed, confs=cast.CONFS)
        for name in cast.PUBLISHERS:
            world._enter(name)
        world._admit("cam/gate")
        world.agenda.every(20, world._come_or_go)
        world.agenda.every(60, world._freeze(lambda: world.thaw(BALCONY), SHORT_FREEZE_SECONDS))
        world.agenda.every(240, world._freeze(lambda: world._enter(BALCONY), 16))
        world.agenda.every(75, world._reconnect)
        world.agenda.every(45, world._toggle("guest/anna"))
        world.agenda.every(90, world._toggle("slides"))
        world.agenda.every(1200, world.restart)
        return world

    @classmethod
    def large(cls, paths: int, readers: int = 0, *, seed: int = 1) -> World:
        """Live RTSP publishers, RTSP readers spread over them, and nothing unexpected."""
        world = cls(seed=seed)
        for number in range(paths):
            world.publish(f"live/cam{number:05d}")
        for number in range(readers):
            world.read(f"live/cam{number % paths:05d}")
        return world

    @classmethod
    def idle(cls, paths: int, *, seed: int = 1) -> World:
        """Configured paths that nobody publishes to."""
        return cls(seed=seed, confs=[PathConf(f"site/cam{n:05d}") for n in range(paths)])

    def _enter(self, name: str) -> None:
        """The publisher of the cast, and those who watch it."""
        if not self.is_published(name):
            client, feed = cast.PUBLISHERS[name]
            self._publish(name, client, feed)
            self._admit(name)

    def _admit(self, name: str) -> None:
        present = self.paths[name].audience()
        self._return(
            name, [reader for reader in cast.READERS.get(name, ()) if reader not in present]
        )

    def _toggle(self, name: str) -> Callable[[], None]:
        def act() -> None:
            if self.is_published(name):
                self.unpublish(name)
            else:
                self._enter(name)

        return act

    def _come_or_go(self) -> None:
        """Guests watch the stage over HLS, each with a session of its own."""
        stage = self.paths["stage"]
        guests = [r.id for r in stage.readers.values() if r.client.user == "guest"]
        if guests and self.random.random() < len(guests) / MOST_GUESTS_AT_STAGE:
            self.leave(self.random.choice(guests))
        else:
            self.read("stage", "hls", user="guest")

    def _freeze(self, then: Callable[[], None], seconds: float) -> Callable[[], None]:
        def act() -> None:
            if self.is_published(BALCONY):
                self.freeze(BALCONY)
                self.agenda.after(seconds, then)

        return act

    def _reconnect(self) -> None:
        self.reconnect("cam/audience")
