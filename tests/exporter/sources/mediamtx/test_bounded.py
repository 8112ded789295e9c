"""However many sessions come and go, the number of series stays."""

from __future__ import annotations

from exporter.exposition import Renderer
from exporter.pages import render
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from leitstand.clients.mediamtx import Access, MediaMTXClient
from leitstand.demo.mediamtx import DemoMediaMTX, World
from tests.soak import is_soak

PROTOCOLS = ("rtsp", "rtsps", "rtmp", "rtmps", "srt", "webrtc", "hls", "moq")
LIFE_SECONDS = 3
PER_SECOND = 100
SESSIONS = 10_000 if is_soak() else 2_000


def test_thousands_of_sessions_of_three_seconds_leave_the_series_where_they_were() -> None:
    now = [1_800_000_000.0]
    world = World()
    with DemoMediaMTX(world, clock=lambda: now[0]) as demo:
        demo.tick_seconds = 0
        client = MediaMTXClient(Access(demo.url, lambda: None))
        source = MediaMTXSource(Watch(name="main"), client, clock=lambda: now[0])
        world.publish("stage")
        for protocol in PROTOCOLS:
            world.read("stage", protocol)
        source.poll()
        now[0] += 2
        before, born = series(source), 0
        living: list[list[str]] = []
        while born < SESSIONS:
            living.append([world.read("stage", PROTOCOLS[n % 8]) for n in range(PER_SECOND)])
            born += PER_SECOND
            if len(living) > LIFE_SECONDS:
                for session in living.pop(0):
                    world.leave(session)
            now[0] += 1
            after = series(source)
        assert after == before
        opened = sum(count.opened for count in source.poll().session_counts)
        assert opened == SESSIONS + len(PROTOCOLS) + 1
        assert len(source._sessions._counters._last) <= (LIFE_SECONDS + 1) * PER_SECOND + 10
        source.close()


def series(source: MediaMTXSource) -> int:
    """The series of one more poll, by counting lines."""
    bodies = render(Renderer(), "mediamtx", source.poll())
    return sum(body.count(b"\n") for body in bodies.values())
